/** What a node thinks a person should know: an entry of `GET /alerts`. */
export interface Alert {
  readonly name: string;
  /** `page`: wake somebody. `ticket`: look at it today. */
  readonly severity: string;
  /** `pending`: true, but not for long enough. */
  readonly state: string;
  /** What is so, and what to do. */
  readonly words: string;
  /** Milliseconds since the Unix epoch, of the node's clock. */
  readonly sinceMs: number;
}
