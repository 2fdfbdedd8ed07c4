/**
 * Anvil (revm) as a second oracle, by `eth_simulateV1`: how a transaction ends, its gas, output and
 * logs. It gives no state back, and takes Osaka with calls of types 0 to 2 only.
 * Hashes of earlier blocks are its own.
 */
import { hexToBytes } from '@noble/hashes/utils.js';
import { type AnvilProcess, startAnvil } from '../../../tools/bench/anvil-process.ts';
import type { FuzzCase } from './generate-case.ts';
import { describeLog, type Outcome } from './outcome.ts';

export interface AnvilOracle {
  /** What differs from our outcome, a line each; undefined for cases that it does not take. */
  differences(fuzzCase: FuzzCase, ours: Outcome): Promise<string[] | undefined>;
  stop(): Promise<void>;
}

/** The part of an answer that is compared. */
interface Simulated {
  readonly calls: readonly {
    readonly status: string;
    readonly gasUsed: string;
    readonly returnData: string;
    readonly logs: readonly { address: string; topics: readonly string[]; data: string }[];
    readonly error?: { readonly message: string };
  }[];
}

export async function createAnvilOracle(): Promise<AnvilOracle | undefined> {
  const anvil = await startAnvil(['--hardfork', 'osaka', '--no-mining', '--chain-id', '1']);
  if (anvil === undefined) return undefined;
  return {
    differences: (fuzzCase, ours) => compare(anvil, fuzzCase, ours),
    stop: () => anvil.stop(),
  };
}

async function compare(
  anvil: AnvilProcess,
  fuzzCase: FuzzCase,
  ours: Outcome,
): Promise<string[] | undefined> {
  const { forkName, test } = fuzzCase;
  const { transaction, env } = test;
  const isPlain =
    transaction.authorizationList === undefined && transaction.maxFeePerBlobGas === undefined;
  if (forkName !== 'Osaka' || !isPlain || transaction.to === '') return undefined;
  if (!ours.included) return undefined;
  let answer: readonly Simulated[];
  try {
    const simulation = {
      blockStateCalls: [
        {
          blockOverrides: blockOf(env),
          stateOverrides: stateOf(fuzzCase),
          calls: [callOf(fuzzCase)],
        },
      ],
      validation: true,
    };
    answer = (await anvil.request('eth_simulateV1', [simulation, 'latest'])) as Simulated[];
  } catch (error) {
    return [`anvil refused: ${String(error)}`];
  }
  const call = answer[0]?.calls[0];
  if (call === undefined) return ['anvil gave no call'];
  const found: string[] = [];
  const expect = (what: string, one: unknown, other: unknown): void => {
    if (one !== other) found.push(`${what}: ours ${String(one)}, anvil ${String(other)}`);
  };
  expect('success', ours.end === 'success', call.status === '0x1');
  expect('gas used', ours.gasUsed, BigInt(call.gasUsed));
  expect('output', Buffer.from(ours.output).toString('hex'), call.returnData.slice(2));
  const logs = call.logs.map(({ address, topics, data }) =>
    describeLog({
      address: hexToBytes(address.slice(2)),
      topics: topics.map((topic) => hexToBytes(topic.slice(2))),
      data: hexToBytes(data.slice(2)),
    }),
  );
  expect('logs', ours.logs.map(describeLog).join('; '), logs.join('; '));
  return found;
}

function blockOf(env: FuzzCase['test']['env']): object {
  return {
    number: env['currentNumber'],
    time: env['currentTimestamp'],
    gasLimit: env['currentGasLimit'],
    feeRecipient: env['currentCoinbase'],
    prevRandao: env['currentRandom'],
    baseFeePerGas: env['currentBaseFee'],
    blobBaseFee: '0x1',
  };
}

function stateOf({ test }: FuzzCase): object {
  return Object.fromEntries(
    Object.entries(test.pre).map(([address, { nonce, balance, code, storage }]) => [
      address,
      {
        nonce: quantity(nonce),
        balance: quantity(balance),
        code,
        state: Object.fromEntries(
          Object.entries(storage).map(([slot, value]) => [word(slot), word(value)]),
        ),
      },
    ]),
  );
}

function callOf({ test }: FuzzCase): object {
  const { transaction } = test;
  const fees =
    transaction.maxFeePerGas === undefined
      ? { gasPrice: quantity(transaction.gasPrice ?? '0x0') }
      : {
          maxFeePerGas: quantity(transaction.maxFeePerGas),
          maxPriorityFeePerGas: quantity(transaction.maxPriorityFeePerGas ?? '0x0'),
        };
  return {
    from: transaction.sender,
    ...(transaction.to === '' ? {} : { to: transaction.to }),
    gas: quantity(transaction.gasLimit[0] ?? '0x0'),
    value: quantity(transaction.value[0] ?? '0x0'),
    input: transaction.data[0] ?? '0x',
    nonce: quantity(transaction.nonce),
    ...fees,
    ...(transaction.accessLists === undefined
      ? {}
      : { accessList: transaction.accessLists[0] ?? [] }),
  };
}

function quantity(text: string): string {
  return `0x${BigInt(text).toString(16)}`;
}

function word(text: string): string {
  return `0x${BigInt(text).toString(16).padStart(64, '0')}`;
}
