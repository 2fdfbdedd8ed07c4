/** What a peer can be caught at. */
export type LieReason =
  /** A block that is not the one that its log commits to, or not the one that was asked for. */
  | 'altered-block'
  /** A tile that is too short, too long or does not lead to the root. */
  | 'bad-tile'
  /** A checkpoint older than the one that the same node showed before. */
  | 'old-head'
  /** Two signed checkpoints of one size with different roots. */
  | 'two-heads'
  /** A later tree that is said to continue ours and does not, without a fork that shows why. */
  | 'false-consistency'
  /** An entity tag that names another block than the body is. */
  | 'wrong-etag'
  /** A body that goes on beyond what it may have. */
  | 'endless-body'
  /** A note that its log has not signed. */
  | 'bad-signature'
  /** An answer that is not in form. */
  | 'malformed'
  /** A claim to hold what it cannot show. */
  | 'missing-data';

/** An answer that shows its sender to be broken or lying. Nothing of it was stored. */
export class Lie extends Error {
  readonly reason: LieReason;
  /** Address of who said it. */
  readonly url: string;
  /** What shows it: notes, paths, hashes, as text. */
  readonly evidence: Readonly<Record<string, string>>;

  constructor(
    reason: LieReason,
    url: string,
    message: string,
    evidence: Readonly<Record<string, string>> = {},
    options?: ErrorOptions,
  ) {
    super(`${url}: ${message}`, options);
    this.name = 'Lie';
    this.reason = reason;
    this.url = url;
    this.evidence = evidence;
  }
}
