import type { ClientError } from './errors.ts';

/** By code; for others the error's own words are taken. */
const REASONS: Readonly<Record<string, string>> = {
  'bad-response': 'The node answered in a form that cannot be read.',
  'broken-chain': 'The block does not follow the one before it.',
  'genesis-mismatch': 'The namespace does not belong to the genesis block that was served.',
  'inconsistent-checkpoint': 'The log contradicts what it showed this browser before.',
  'invalid-note': 'The checkpoint cannot be read.',
  'invalid-proof': 'The proof does not lead to the root of the signed checkpoint.',
  'invalid-signature': 'The signature does not fit.',
  'log-key-changed': 'The checkpoint is signed by another key than at first use.',
  malformed: 'The bytes are not a block.',
  'missing-block': 'A block is missing.',
  'payload-mismatch': 'The payload is not the one that was signed.',
  'payload-too-large': 'The payload is larger than any may be.',
  'policy-unsatisfied': 'The witnesses that are asked for have not signed.',
  'stale-checkpoint': 'The witnesses signed this longer ago than is asked for.',
  'unknown-algorithm': 'The signature is of a kind that does not exist.',
  'unknown-hash-kind': 'The payload hash is of a kind that does not exist.',
  'version-mismatch': 'The bytes are not a block of a known version.',
  'wrong-block': 'This is not the block that was asked for.',
  'wrong-namespace': 'The block belongs to another namespace.',
  'wrong-origin': 'The key belongs to another log.',
  'wrong-writer': 'The block is signed by somebody who was not the writer.',
};

/** Why a block is refused, in a sentence for people. */
export function reasonOf(error: Pick<ClientError, 'code' | 'message'>): string {
  return (
    REASONS[error.code] ?? `${error.message.charAt(0).toUpperCase()}${error.message.slice(1)}.`
  );
}
