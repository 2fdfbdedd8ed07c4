import assert from 'node:assert/strict';
import { after, before, suite, test } from 'node:test';
import { openTestServer, type TestServer } from './support/devnet.ts';
import { ADDRESS, OTHER } from './support/requests.ts';

const CONTRACT = `0x${'c0'.repeat(20)}`;

interface Estimate {
  readonly gas: bigint;
}

suite('calls', () => {
  let opened: TestServer;

  before(async () => {
    opened = await openTestServer();
  });

  after(async () => {
    assert.deepEqual(opened.problems, []);
    await opened.close();
  });

  async function estimate(code: string, data: string): Promise<Estimate> {
    const overrides = { [CONTRACT]: { code } };
    const request = { from: ADDRESS, to: CONTRACT, input: data };
    const gas = (await opened.ask('eth_estimateGas', request, 'latest', overrides)) as string;
    return { gas: BigInt(gas) };
  }

  async function isEnough(code: string, data: string, gas: bigint): Promise<boolean> {
    const overrides = { [CONTRACT]: { code } };
    const request = { from: ADDRESS, to: CONTRACT, input: data, gas: `0x${gas.toString(16)}` };
    const answer = (await opened.server.handle({
      jsonrpc: '2.0',
      id: 1,
      method: 'eth_call',
      params: [request, 'latest', overrides],
    })) as { error?: unknown };
    return answer.error === undefined;
  }

  test('an estimate is enough and at most 1.5 percent too much', async () => {
    // Needs 40,000 gas left behind a GAS opcode, which it does not use.
    const codes = ['0x60015f5500', '0x619c405a11600957fe5b00', '0x60015f5560025f555f5f5500'];
    for (const code of codes) {
      const { gas } = await estimate(code, '0x1234');
      assert.equal(await isEnough(code, '0x1234', gas), true, code);
      assert.equal(await isEnough(code, '0x1234', (gas * 984n) / 1_000n), false, code);
    }
  });

  test('a plain transfer is 21,000; what can not succeed says why', async () => {
    assert.equal(await opened.ask('eth_estimateGas', { from: ADDRESS, to: OTHER }), '0x5208');
    const rich = { from: ADDRESS, to: OTHER, value: `0x${(10n ** 30n).toString(16)}` };
    assert.match((await opened.refused('eth_estimateGas', rich)).message, /insufficient funds/);
    const loop = { to: CONTRACT };
    const overrides = { [CONTRACT]: { code: '0x5b5f56' } };
    const endless = await opened.refused('eth_estimateGas', loop, 'latest', overrides);
    assert.match(endless.message, /gas required exceeds allowance/);
  });

  test('reverts come with code 3, their data and their reason', async () => {
    const reason = 'no';
    const text = Buffer.from(reason).toString('hex').padEnd(64, '0');
    const data = `08c379a0${word(32n)}${word(2n)}${text}`;
    const overrides = { [CONTRACT]: { code: returning(data, 'fd') } };
    for (const method of ['eth_call', 'eth_estimateGas']) {
      const error = await opened.refused(method, { to: CONTRACT }, 'latest', overrides);
      assert.deepEqual(error, { code: 3, message: 'execution reverted: no', data: `0x${data}` });
    }
    const panic = { [CONTRACT]: { code: returning(`4e487b71${word(0x11n)}`, 'fd') } };
    const { message } = await opened.refused('eth_call', { to: CONTRACT }, 'latest', panic);
    assert.equal(message, 'execution reverted: arithmetic underflow or overflow');
  });

  test('a moved contract costs what it cost, from inside a contract too', async () => {
    const target = `0x${'00'.repeat(17)}123456`;
    const identity = `0x${'00'.repeat(19)}04`;
    const gasOf = async (to: string, overrides: unknown): Promise<string> => {
      const request = {
        to: CONTRACT,
        input: `0x${'00'.repeat(12)}${to.slice(2)}${'ab'.repeat(45)}`,
      };
      return (await opened.ask('eth_call', request, 'latest', overrides)) as string;
    };
    // Calls the address in the first word with the rest; returns gas used and length of the output.
    const caller =
      // CALLDATACOPY(0, 32, CALLDATASIZE - 32), GAS below all else
      '0x602036036020600037' +
      '5a' +
      // STATICCALL(GAS, CALLDATALOAD(0), 0, CALLDATASIZE - 32, 0, 0)
      '5f5f602036035f5f355afa50' +
      // gas used, and the length of the output in the word after it
      '5a90035f523d60205260405ff3';
    const plain = await gasOf(identity, { [CONTRACT]: { code: caller } });
    const moved = await gasOf(target, {
      [CONTRACT]: { code: caller },
      [identity]: { movePrecompileToAddress: target },
    });
    // Nothing but that the new address is not warm from the start (EIP-2929).
    assert.equal(BigInt(moved.slice(0, 66)), BigInt(plain.slice(0, 66)) + 2_500n);
    assert.equal(moved.slice(66), plain.slice(66));
    assert.equal(BigInt(`0x${moved.slice(66)}`), 45n);
  });

  test('a call that precompiled contracts make long is stopped', async () => {
    const slow = await openTestServer({ limits: { callMs: 1 } });
    // CALLDATACOPY, then multiplies the point in it (BN254) for as long as the gas pays: a second.
    const code = '0x60605f5f375b5f5f60605f60075afa50600556';
    const input = `0x${word(1n)}${word(2n)}${'ff'.repeat(32)}`;
    const overrides = { [CONTRACT]: { code } };
    const error = await slow.refused('eth_call', { to: CONTRACT, input }, 'latest', overrides);
    assert.match(error.message, /execution aborted \(timeout/);
    await slow.close();
  });

  test('the gas cap holds, and fees below the base fee are refused', async () => {
    const gas = `0x${(10n ** 12n).toString(16)}`;
    const overrides = { [CONTRACT]: { code: '0x5a5f5260205ff3' } };
    const left = await opened.ask('eth_call', { to: CONTRACT, gas }, 'latest', overrides);
    assert.ok(BigInt(left as string) < 50_000_000n);
    const cheap = { from: ADDRESS, to: OTHER, maxFeePerGas: '0x1' };
    assert.match((await opened.refused('eth_call', cheap)).message, /less than block base fee/);
  });

  test('simulations have bounds', async () => {
    const codeOf = async (request: unknown): Promise<number> =>
      (await opened.refused('eth_simulateV1', request)).code;
    const far = { blockStateCalls: [{ blockOverrides: { number: '0x1000' } }] };
    assert.equal(await codeOf(far), -38026);
    assert.equal(
      await codeOf({ blockStateCalls: Array.from({ length: 257 }, () => ({})) }),
      -38026,
    );
    const calls = Array.from({ length: 5_001 }, () => ({}));
    assert.equal(await codeOf({ blockStateCalls: [{ calls }] }), -32602);
    assert.equal(await codeOf({ blockStateCalls: [] }), -32602);
    const last = { blockOverrides: { time: '0xffffffffffffffff' } };
    await opened.ask('eth_simulateV1', { blockStateCalls: [last] });
    assert.equal(await codeOf({ blockStateCalls: [last, {}] }), -38021);
  });
});

function word(value: bigint): string {
  return value.toString(16).padStart(64, '0');
}

/** Code that returns (f3) or reverts with (fd) these bytes. */
function returning(data: string, opcode: 'f3' | 'fd'): string {
  const size = (data.length / 2).toString(16).padStart(2, '0');
  // PUSH1 size, PUSH1 11, PUSH0, CODECOPY, PUSH1 size, PUSH0, RETURN or REVERT
  return `0x60${size}600a5f3960${size}5f${opcode}${data}`;
}
