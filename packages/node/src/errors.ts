export type NodeErrorCode =
  | 'bad-config'
  | 'port-in-use'
  | 'cannot-listen'
  | 'data-in-use'
  | 'data-damaged'
  | 'disk-full'
  | 'key-damaged'
  | 'upstream-away';

/** The node cannot be made or started; the message says what to do. */
export class NodeError extends Error {
  readonly code: NodeErrorCode;

  constructor(code: NodeErrorCode, message: string, options?: ErrorOptions) {
    super(message, options);
    this.name = 'NodeError';
    this.code = code;
  }
}
