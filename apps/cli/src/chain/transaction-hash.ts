import { InvalidArgumentError } from 'commander';

export function isTransactionHash(text: string): boolean {
  return /^0x[0-9a-f]{64}$/i.test(text);
}

/** For an argument of a command. */
export function parseTransactionHash(text: string): string {
  if (isTransactionHash(text)) return text;
  throw new InvalidArgumentError('expected the hash of a transaction: 0x and 64 hex digits');
}
