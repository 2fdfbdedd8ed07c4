/** `memory-bound`: the run needs more than the sizes the engine was made with. */
export type EvmErrorCode = 'bad-request' | 'memory-bound' | 'session-closed' | 'kernel-missing';

/** Input or environment that the engine cannot work with; never an outcome inside the EVM. */
export class EvmError extends Error {
  readonly code: EvmErrorCode;

  constructor(code: EvmErrorCode, message: string) {
    super(message);
    this.name = 'EvmError';
    this.code = code;
  }
}
