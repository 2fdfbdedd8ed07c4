/**
 * Routes that federation brings along, in the shape that the gateway takes (it is a floor above, so
 * the shape is written down here as well and the compiler compares the two where they are wired).
 */
export interface RouteRequest {
  readonly params: Readonly<Record<string, string>>;
  readonly query: URLSearchParams;
  /** Field names in lower case. */
  header(name: string): string | undefined;
  readonly method: 'GET' | 'POST';
  /** Path with its query, as it was sent. */
  readonly target: string;
  readonly authority: string;
  readonly body: Uint8Array;
  readonly remoteAddress: string;
}

export interface RouteResponse {
  readonly status: number;
  readonly fields?: readonly (readonly [string, string])[];
  readonly body?: Uint8Array | string;
}

export interface Route {
  readonly method: 'GET' | 'POST';
  /** `/witness/:id`; `:rest{.+}` takes the rest of the path. */
  readonly path: string;
  readonly summary: string;
  readonly bodyBytesMax: number;
  /** What the request costs the address; 1 is a plain read. */
  readonly cost: number;
  handle(request: RouteRequest): Promise<RouteResponse>;
}
