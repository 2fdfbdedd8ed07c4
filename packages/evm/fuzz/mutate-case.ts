/** Published state tests with a few bytes changed: they lead where random code never comes. */
import type { StateTest } from '../src/state-test/fixture.ts';
import { readTests } from '../src/state-test/state-tests-shell.ts';
import type { FuzzCase } from './generate-case.ts';
import { addNoise } from './generate-code.ts';
import type { Random } from './random.ts';

const GAS_LIMIT_MAX = 1_000_000n;
const CODE_DIGITS_MAX = 20_000;
const FORK_NAME = 'Osaka';

/** Tests small enough that the oracle does many of them a second. */
export function loadSeeds(path: string): StateTest[] {
  const seeds: StateTest[] = [];
  for (const test of readTests([path])) {
    const gasLimit = BigInt(test.transaction.gasLimit[0] ?? '0x0');
    const digits = Object.values(test.pre).reduce((sum, { code }) => sum + code.length, 0);
    const isSmall = gasLimit <= GAS_LIMIT_MAX && digits <= CODE_DIGITS_MAX;
    if (hasBareStorage(test)) continue;
    if (isSmall && test.post[FORK_NAME]?.length === 1) seeds.push(test);
  }
  return seeds;
}

/**
 * Creation over storage without code (EIP-7610) is beyond the oracle: its plain state manager knows
 * no storage roots. The published tests cover it.
 */
function hasBareStorage({ pre }: StateTest): boolean {
  return Object.values(pre).some(
    ({ nonce, code, storage }) =>
      code === '0x' && BigInt(nonce) === 0n && Object.keys(storage).length > 0,
  );
}

export function mutateCase(random: Random, seeds: readonly StateTest[], name: string): FuzzCase {
  const seed = random.pick(seeds);
  const pre = { ...seed.pre };
  const { transaction } = seed;
  const withCode = Object.entries(pre).filter(([, { code }]) => code.length > 2);
  const isCreation = transaction.to === '';
  const data = transaction.data[0] ?? '0x';
  let changedData = data;
  let gasLimit = transaction.gasLimit[0] ?? '0x0';
  for (let count = random.between(1, 3); count > 0; count--) {
    const what = random.weighted({ code: 6, data: isCreation ? 6 : 1, gas: 2 });
    if (what === 'code' && withCode.length > 0) {
      const [address, account] = random.pick(withCode);
      const code = changeHex(random, pre[address]?.code ?? '0x');
      if (!isHalfDelegation(code)) pre[address] = { ...account, code };
    } else if (what === 'data') changedData = changeHex(random, changedData);
    else {
      const less = BigInt(gasLimit) - BigInt(random.below(30_000));
      gasLimit = `0x${(less < 21_000n ? 21_000n : less).toString(16)}`;
    }
  }
  const test = {
    ...seed,
    name: `${name} from ${seed.name}`,
    pre,
    transaction: {
      ...transaction,
      data: [changedData],
      gasLimit: [gasLimit],
      value: [transaction.value[0] ?? '0x0'],
    },
    post: {},
  };
  return { forkName: FORK_NAME, test };
}

/** Code that no chain can hold: the prefix of a delegation and not its length. */
function isHalfDelegation(code: string): boolean {
  return code.startsWith('0xef0100') && code.length !== 2 + 2 * 23;
}

function changeHex(random: Random, text: string): string {
  const bytes = Uint8Array.from(Buffer.from(text.slice(2), 'hex'));
  return `0x${Buffer.from(addNoise(random, bytes)).toString('hex')}`;
}
