import { InvalidArgumentError } from 'commander';

const DECIMALS: Readonly<Record<string, number>> = { wei: 0, gwei: 9, ether: 18, eth: 18 };

/**
 * "1.5ether", "20 gwei", "1000000000000000wei" or a whole number of wei, as wei.
 *
 * @throws InvalidArgumentError
 */
export function parseAmount(text: string): bigint {
  const match = /^(\d{1,78})(?:\.(\d{1,18}))?\s*(wei|gwei|ether|eth)?$/i.exec(text.trim());
  const [, whole = '', fraction = '', unit = 'wei'] = match ?? [];
  const decimals = DECIMALS[unit.toLowerCase()] ?? 0;
  if (match === null || fraction.length > decimals) {
    throw new InvalidArgumentError('expected an amount like 1.5ether, 20gwei or 1000 (wei)');
  }
  return BigInt(whole + fraction.padEnd(decimals, '0'));
}

/** "1.5 ETH"; amounts that are not worth writing in ether as gwei or wei. */
export function formatWei(wei: bigint): string {
  if (wei === 0n) return '0 ETH';
  if (wei < 1_000_000n) return `${wei} wei`;
  if (wei < 10n ** 13n) return `${decimal(wei, 9)} gwei`;
  return `${decimal(wei, 18)} ETH`;
}

/** A number with that many decimals, without zeros at its end. */
function decimal(value: bigint, decimals: number): string {
  const digits = value.toString().padStart(decimals + 1, '0');
  const fraction = digits.slice(-decimals).replace(/0+$/, '');
  const whole = digits.slice(0, -decimals).replace(/\B(?=(\d{3})+(?!\d))/g, ',');
  return fraction === '' ? whole : `${whole}.${fraction}`;
}

/** A JSON-RPC quantity. */
export function toQuantity(value: bigint): string {
  return `0x${value.toString(16)}`;
}
