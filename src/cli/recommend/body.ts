import type { IncomingMessage } from 'node:http';

/** Why a body was not read. */
export type BodyFailure = 'too large' | 'cut off';

/**
 * Reads the body of a request, at most so many bytes: what says that it is larger is not read at
 * all, what turns out to be is not read further.
 */
export async function readBody(request: IncomingMessage, most: number): Promise<string | { readonly failure: BodyFailure }> {
  if (Number(request.headers['content-length'] ?? 0) > most) return { failure: 'too large' };
  const parts: Uint8Array[] = [];
  let size = 0;
  return new Promise((resolve) => {
    const end = (result: string | { readonly failure: BodyFailure }): void => {
      request.off('data', take).off('end', whole).off('error', cut).off('close', cut);
      resolve(result);
    };
    const take = (part: Uint8Array): void => {
      size += part.length;
      if (size > most) {
        request.pause();
        end({ failure: 'too large' });
      } else parts.push(part);
    };
    const whole = (): void => end(Buffer.concat(parts).toString('utf8'));
    const cut = (): void => end({ failure: 'cut off' });
    request.on('data', take).on('end', whole).on('error', cut).on('close', cut);
  });
}
