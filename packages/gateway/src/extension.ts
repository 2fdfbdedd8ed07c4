/** A request as a route of another room sees it; everything is bounded before it comes here. */
export interface ExtensionRequest {
  /** Values of the path's parameters, percent-decoded. */
  readonly params: Readonly<Record<string, string>>;
  readonly query: URLSearchParams;
  /** Field names in lower case; several fields of one name are joined with a comma. */
  header(name: string): string | undefined;
  readonly method: 'GET' | 'POST';
  /** Path with its query, as it was sent. */
  readonly target: string;
  /** Value of the Host field. */
  readonly authority: string;
  readonly body: Uint8Array;
  /** Address of the connection's other end. */
  readonly remoteAddress: string;
}

export interface ExtensionResponse {
  readonly status: number;
  /** Name and value in turn. */
  readonly fields?: readonly (readonly [string, string])[];
  readonly body?: Uint8Array | string;
  /**
   * Server-sent events instead of a body: whole events in their text form, until the signal fires
   * because the reader is gone. Status and fields are the gateway's then.
   */
  readonly events?: (signal: AbortSignal) => AsyncIterable<string>;
}

/**
 * One route that another room brings along: federation, witnesses. The gateway bounds the body,
 * charges the address and turns what is thrown into a problem document.
 */
export interface RouteExtension {
  readonly method: 'GET' | 'POST';
  /** In hono's form, e.g. `/witness/:id`; `:rest{.+}` takes the rest of the path. */
  readonly path: string;
  readonly summary: string;
  /** Most bytes of a body; 0 for routes without one. */
  readonly bodyBytesMax: number;
  /** What the request costs the address, in the units of the rate limit; 1 is a plain read. */
  readonly cost: number;
  handle(request: ExtensionRequest): Promise<ExtensionResponse>;
}
