/** Makes a case that shows a difference smaller, as long as it still shows one. */
import type { FixtureAccount } from '../src/state-test/fixture.ts';
import type { FuzzCase } from './generate-case.ts';

type Check = (candidate: FuzzCase) => Promise<boolean>;

/** Tries after which the smallest case so far must do. */
const TRIES_MAX = 1_500;

/** @param differs whether a case still shows the difference; never throws */
export async function shrink(found: FuzzCase, differs: Check): Promise<FuzzCase> {
  let best = found;
  let tries = 0;
  const keepIf = async (candidate: FuzzCase): Promise<boolean> => {
    if (tries >= TRIES_MAX) return false;
    tries++;
    if (!(await differs(candidate))) return false;
    best = candidate;
    return true;
  };
  for (let hasShrunk = true; hasShrunk && tries < TRIES_MAX; ) {
    hasShrunk = false;
    for (const address of Object.keys(best.test.pre)) {
      if (await keepIf(withAccount(best, address, undefined))) hasShrunk = true;
    }
    for (const [address, account] of Object.entries(best.test.pre)) {
      if (Object.keys(account.storage).length > 0) {
        const bare = withAccount(best, address, { ...account, storage: {} });
        if (await keepIf(bare)) hasShrunk = true;
      }
      if (
        await shrinkBytes(
          () => best.test.pre[address]?.code ?? '0x',
          (code) => {
            const current = best.test.pre[address] ?? account;
            return keepIf(withAccount(best, address, { ...current, code }));
          },
        )
      )
        hasShrunk = true;
    }
    const replaceData = (data: string): Promise<boolean> =>
      keepIf(withTransaction(best, { data: [data] }));
    if (await shrinkBytes(() => best.test.transaction.data[0] ?? '0x', replaceData)) {
      hasShrunk = true;
    }
    if ((best.test.transaction.accessLists?.[0]?.length ?? 0) > 0) {
      if (await keepIf(withTransaction(best, { accessLists: [[]] }))) hasShrunk = true;
    }
  }
  return best;
}

/** Cuts out ever smaller pieces, then turns what is left into STOP byte by byte. */
async function shrinkBytes(
  read: () => string,
  replace: (text: string) => Promise<boolean>,
): Promise<boolean> {
  let hasShrunk = false;
  for (let piece = (read().length - 2) >> 1; piece >= 1; piece >>= 1) {
    for (let at = 0; 2 + 2 * at < read().length; ) {
      const text = read();
      const shorter = text.slice(0, 2 + 2 * at) + text.slice(2 + 2 * (at + piece));
      if (await replace(shorter)) hasShrunk = true;
      else at += piece;
    }
  }
  return hasShrunk;
}

function withAccount(
  { forkName, test }: FuzzCase,
  address: string,
  account: FixtureAccount | undefined,
): FuzzCase {
  const { [address]: _, ...others } = test.pre;
  const pre = account === undefined ? others : { ...others, [address]: account };
  return { forkName, test: { ...test, pre } };
}

function withTransaction(
  { forkName, test }: FuzzCase,
  changed: Partial<FuzzCase['test']['transaction']>,
): FuzzCase {
  return { forkName, test: { ...test, transaction: { ...test.transaction, ...changed } } };
}
