import { serverError } from '../../errors.ts';
import { TRACE_BYTES_MAX, TRACE_STEPS_MAX } from '../../limits.ts';

/** What the traces of one request may come to, counted as they are made. */
export class TraceBudget {
  #steps = 0;
  #bytes = 0;

  /** @throws RpcError when it is used up */
  take(steps: number, bytes: number): void {
    this.#steps += steps;
    this.#bytes += bytes;
    if (this.#steps <= TRACE_STEPS_MAX && this.#bytes <= TRACE_BYTES_MAX) return;
    throw serverError(
      `the trace is too large: more than ${TRACE_STEPS_MAX} steps or ${TRACE_BYTES_MAX} bytes; ` +
        'ask with "limit", "disableStack" or a tracer',
    );
  }
}
