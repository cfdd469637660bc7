// A model that is trained until its validation likelihood stops rising, and an HTTP server that
// answers with features, fifty requests at a time.
import { once } from 'node:events';
import { createServer, type IncomingMessage } from 'node:http';
import { RBM, rowsOf, toNested } from 'boltzkit';
import { loadMnist } from 'boltzkit/data';

const small = process.env.BOLTZKIT_SMALL !== undefined;
const { train, test } = await loadMnist();
const binary = ({ images }: typeof train) => ({ data: images.data.map((level) => Number(level > 0.5)), shape: images.shape });

const rbm = new RBM({ visible: 784, hidden: small ? 16 : 200, seed: 1 });
const reports = await rbm.fit(binary(train), {
  epochs: small ? 6 : 100,
  validation: binary(test),
  evaluateEvery: small ? 2 : 5,
  evaluate: { betas: 1000 },
  earlyStopping: { metric: 'logLikelihood', patience: 3 },
});
const likelihoods = reports.flatMap(({ evaluation }) => evaluation?.logLikelihood.mean ?? []);
console.log(`log-likelihood of unseen digits: ${Math.max(...likelihoods).toFixed(1)} nats per row, after ${rbm.training?.epoch} epochs`);

async function textOf(request: IncomingMessage): Promise<string> {
  let text = '';
  for await (const chunk of request.setEncoding('utf8')) text += chunk;
  return text;
}

const server = createServer(async (request, response) => {
  const gone = new AbortController();
  response.on('close', () => gone.abort());
  try {
    const features = await rbm.transform(JSON.parse(await textOf(request)), { signal: gone.signal });
    response.end(JSON.stringify(toNested(features)));
  } catch (error) {
    response.writeHead(400).end(JSON.stringify({ error: String(error) })); // says what was expected and what came
  }
});
await once(server.listen(0), 'listening');
const address = server.address();
const url = `http://localhost:${typeof address === 'object' ? address?.port : ''}/`;

const rows = [...rowsOf(test.images.hi(50))].map((row) => Array.from(row));
const ask = async (row: unknown) => (await fetch(url, { method: 'POST', body: JSON.stringify([row]) })).json();
const answers = await Promise.all(rows.map(ask));
const expected = [...rowsOf(await rbm.transform(rows))].map((row) => [Array.from(row)]);
const equal = answers.filter((answer, r) => JSON.stringify(answer) === JSON.stringify(expected[r])).length;
console.log(`${equal} of 50 answers at a time are those of one call`);
console.log('a row that is too short:', await ask([0, 1]));
server.close();
rbm.dispose();
process.exitCode = equal === 50 ? 0 : 1;
