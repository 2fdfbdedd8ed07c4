import { ANSWER_MS_MAX } from '../limits.ts';

/** What came back when the node was asked. */
export type Answer<T> =
  | { readonly kind: 'value'; readonly value: T }
  /** 404: this node does not have it. */
  | { readonly kind: 'missing' }
  /** No answer, or one that cannot be read; `words` for people. */
  | { readonly kind: 'failed'; readonly words: string };

/** Asks the page's own node; never throws. The value is taken as the node tells it. */
export async function ask<T>(path: string, signal?: AbortSignal): Promise<Answer<T>> {
  const limit = AbortSignal.timeout(ANSWER_MS_MAX);
  try {
    const answer = await fetch(path, {
      headers: { accept: 'application/json' },
      cache: 'no-store',
      signal: signal === undefined ? limit : AbortSignal.any([limit, signal]),
    });
    if (answer.status === 404) return { kind: 'missing' };
    if (!answer.ok) return { kind: 'failed', words: `the node answered ${answer.status}` };
    return { kind: 'value', value: (await answer.json()) as T };
  } catch (error) {
    const isLate = error instanceof DOMException && error.name === 'TimeoutError';
    const words = isLate
      ? `no answer within ${ANSWER_MS_MAX / 1_000} s`
      : error instanceof SyntaxError
        ? 'the answer cannot be read'
        : 'no answer';
    return { kind: 'failed', words };
  }
}
