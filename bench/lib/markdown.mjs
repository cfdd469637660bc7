// Tables in Markdown, and records looked up in a file of results.

const cells = (values) => `| ${values.join(' | ')} |`;

/** First column to the left, the others to the right. */
export const table = (head, rows) => [cells(head), cells(head.map((_, i) => (i ? '---:' : '---'))), ...rows.map(cells)].join('\n');

/** The record of one test, program and number of threads. */
export const find = (results, test, peer, threads) =>
  results.find((record) => record.test === test && record.peer === peer && record.threads === threads);
