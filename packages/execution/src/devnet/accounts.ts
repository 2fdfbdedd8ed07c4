import { keccak256 } from '@basalt/evm';
import { utf8ToBytes } from '@noble/hashes/utils.js';
import { HDKey } from '@scure/bip32';
import { entropyToMnemonic, mnemonicToSeedSync, validateMnemonic } from '@scure/bip39';
import { wordlist } from '@scure/bip39/wordlists/english.js';
import { ExecutionError } from '../errors.ts';
import { addressOf } from '../transaction/sign.ts';
import { ACCOUNTS_MAX } from './limits.ts';
import type { DevnetAccount } from './types.ts';

/** Known to everybody, so that nobody mistakes the accounts for safe ones. */
export const TEST_MNEMONIC = 'test test test test test test test test test test test junk';

/** Path of the accounts (BIP-44, coin type 60), without the index at its end. */
export const ACCOUNT_PATH = "m/44'/60'/0'/0";

/** Path of the faucet's key: none of the accounts, however many are asked for. */
export const FAUCET_PATH = "m/44'/60'/1'/0/0";

export interface DevnetKeys {
  readonly mnemonic: string;
  readonly accounts: readonly DevnetAccount[];
  readonly faucet: DevnetAccount;
}

/**
 * Accounts of a mnemonic (BIP-39, BIP-32) at {@link ACCOUNT_PATH}, and the faucet's.
 *
 * @throws ExecutionError `invalid-genesis` when it is no mnemonic: a word or the checksum is wrong;
 *   or when more are asked for than a devnet has
 */
export function deriveDevnetKeys(mnemonic: string, count: number): DevnetKeys {
  if (!Number.isSafeInteger(count) || count < 1 || count > ACCOUNTS_MAX) {
    const message = `${count} accounts: expected 1 to ${ACCOUNTS_MAX}`;
    throw new ExecutionError('invalid-genesis', message, { count });
  }
  const words = mnemonic.trim().split(/\s+/).join(' ');
  if (!validateMnemonic(words, wordlist)) {
    throw new ExecutionError(
      'invalid-genesis',
      'the mnemonic does not hold: expected 12 to 24 English words whose last fits the others',
    );
  }
  const root = HDKey.fromMasterSeed(mnemonicToSeedSync(words));
  const parent = root.derive(ACCOUNT_PATH);
  const accounts = Array.from({ length: count }, (_, index) =>
    accountOf(parent.deriveChild(index)),
  );
  return { mnemonic: words, accounts, faucet: accountOf(root.derive(FAUCET_PATH)) };
}

/** Twelve words that follow from a seed: for runs that must repeat, never for anything of value. */
export function mnemonicOfSeed(seed: string): string {
  const entropy = keccak256(utf8ToBytes(`basalt/devnet/mnemonic\n${seed}`)).subarray(0, 16);
  return entropyToMnemonic(entropy, wordlist);
}

function accountOf({ privateKey }: HDKey): DevnetAccount {
  if (privateKey === null) throw new Error('a derived key has its private part');
  return { address: addressOf(privateKey), privateKey };
}
