/** What a developer may do to a devnet; the families differ in names and in what they answer. */
import { type Devnet, MINE_BLOCKS_MAX, type Mining } from '@basalt/execution';
import { invalidParams, methodNotFound, RPC_ERRORS, RpcError } from '../errors.ts';
import { MINE_TIME_PART } from '../limits.ts';
import {
  address,
  boolean,
  bytes,
  type Decoder,
  hash,
  looseCount,
  looseQuantity,
  looseWord,
  optional,
} from '../params/decode.ts';
import type { Services } from '../services.ts';
import { type Method, method } from './method.ts';

/** Seconds between mined blocks: beyond a year somebody meant something else. */
const INTERVAL_SECONDS_MAX = 31_536_000;
/** Milliseconds of `setTimeout`, which has 31 bits. */
const INTERVAL_MS_MAX = 2 ** 31 - 1;

/** A method for devnets; anywhere else it does not exist. */
export function devnetMethod<Args extends readonly unknown[]>(
  name: string,
  decoders: readonly [...{ readonly [K in keyof Args]: Decoder<Args[K]> }],
  handle: (devnet: Devnet, ...args: Args) => unknown,
): Method {
  return method<Args>(decoders, ({ devnet }, ...args) => {
    if (devnet === undefined) throw methodNotFound(name);
    return handle(devnet, ...args);
  });
}

/**
 * Mines as many blocks as are asked for. Where the time of the request is not enough, nothing goes
 * on behind the back of whoever was told that it failed: the error says how many are there.
 */
export async function mineBlocks(
  devnet: Devnet,
  { clock, limits }: Pick<Services, 'clock' | 'limits'>,
  blocks: number,
  seconds?: number,
): Promise<void> {
  const endMs = clock.nowMs() + limits.requestMs * MINE_TIME_PART;
  const mined = await devnet.mine(blocks, seconds, () => clock.nowMs() < endMs);
  if (mined.length === blocks) return;
  const message = `${mined.length} of ${blocks} blocks were mined in time; ask for the rest`;
  throw new RpcError(RPC_ERRORS.timeout, message, { mined: mined.length });
}

type Build = (name: string) => Method;

/** Sets something and answers with `answer`, `true` for Hardhat's names and `null` for Anvil's. */
export function settersWith(answer: true | null): Readonly<Record<string, Build>> {
  const set =
    <Args extends readonly unknown[]>(
      decoders: readonly [...{ readonly [K in keyof Args]: Decoder<Args[K]> }],
      apply: (devnet: Devnet, ...args: Args) => unknown,
    ): Build =>
    (name) =>
      devnetMethod<Args>(name, decoders, async (devnet, ...args) => {
        await apply(devnet, ...args);
        return answer;
      });
  return {
    setBalance: set([address, looseQuantity()], (devnet, who, value) =>
      devnet.setBalance(who, value),
    ),
    setCode: set([address, bytes], (devnet, who, code) => devnet.setCode(who, code)),
    setNonce: set([address, looseQuantity(64)], (devnet, who, nonce) =>
      devnet.setNonce(who, nonce),
    ),
    setStorageAt: set([address, looseWord, looseWord], (devnet, who, slot, value) =>
      devnet.setStorageAt(who, slot, value),
    ),
    setCoinbase: set([address], (devnet, who) => devnet.setCoinbase(who)),
    setNextBlockBaseFeePerGas: set([looseQuantity()], (devnet, fee) =>
      devnet.setNextBlockBaseFee(fee),
    ),
    setPrevRandao: set([looseWord], (devnet, value) => devnet.setPrevRandao(value)),
    impersonateAccount: set([address], (devnet, who) => devnet.impersonate(who)),
    stopImpersonatingAccount: set([address], (devnet, who) => devnet.stopImpersonating(who)),
    mine: (name) =>
      method<[number, number]>(
        [optional(looseCount(MINE_BLOCKS_MAX), 1), optional(looseCount(INTERVAL_SECONDS_MAX), 1)],
        async (services, blocks, seconds) => {
          if (services.devnet === undefined) throw methodNotFound(name);
          await mineBlocks(services.devnet, services, blocks, seconds);
          return answer;
        },
      ),
    reset: set([optional(refuseForking, undefined)], (devnet, _options) => devnet.reset()),
  };
}

/** A chain of one's own can not begin in the middle of another. */
const refuseForking: Decoder<undefined> = (value, at) => {
  const isForking = typeof value === 'object' && value !== null && Object.hasOwn(value, 'forking');
  if (isForking) throw invalidParams(`invalid ${at}: forking another chain is not possible here`);
  return undefined;
};

export function dropTransaction(name: string): Method {
  return devnetMethod(name, [hash], (devnet, transaction) => devnet.dropTransaction(transaction));
}

export function setAutomine(name: string): Method {
  return devnetMethod(name, [boolean], (devnet, isOn) => {
    const { mode } = devnet.mining();
    if (isOn) devnet.setMining({ mode: 'instant' });
    else if (mode === 'instant') devnet.setMining({ mode: 'manual' });
    return true;
  });
}

/** @param unitMs milliseconds of a unit of the parameter */
export function setIntervalMining(name: string, unitMs: number): Method {
  const count = looseCount(Math.floor(INTERVAL_MS_MAX / unitMs));
  return devnetMethod(name, [count], (devnet, units) => {
    devnet.setMining(intervalOf(units * unitMs, devnet.mining()));
    return true;
  });
}

function intervalOf(intervalMs: number, before: Mining): Mining {
  if (intervalMs > 0) return { mode: 'interval', intervalMs };
  return before.mode === 'instant' ? before : { mode: 'manual' };
}
