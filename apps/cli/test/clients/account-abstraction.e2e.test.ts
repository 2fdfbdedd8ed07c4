/** ERC-4337 with the contracts as their package ships them: an account that pays by its deposit. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { account, type Hex } from './support/accounts.ts';
import { accountAbstraction } from './support/contracts.ts';
import { useDevnet } from './support/devnet.ts';
import {
  accountOf,
  CHAIN_ID,
  connectViem,
  deploy,
  loadViem,
  mined,
  type ViemClient,
} from './support/viem.ts';

const ETHER = 10n ** 18n;
const GWEI = 10n ** 9n;
const NOBODY: Hex = '0x00000000000000000000000000000000000b0b01';
const OWNER_KEY: Hex = `0x${'37'.repeat(32)}`;

let client: ViemClient;
const { skip } = useDevnet((running) => {
  client = connectViem(running);
});

interface UserOperation {
  readonly sender: Hex;
  readonly nonce: bigint;
  readonly initCode: Hex;
  readonly callData: Hex;
  readonly accountGasLimits: Hex;
  readonly preVerificationGas: bigint;
  readonly gasFees: Hex;
  readonly paymasterAndData: Hex;
  readonly signature: Hex;
}

const TYPES = {
  PackedUserOperation: [
    { name: 'sender', type: 'address' },
    { name: 'nonce', type: 'uint256' },
    { name: 'initCode', type: 'bytes' },
    { name: 'callData', type: 'bytes' },
    { name: 'accountGasLimits', type: 'bytes32' },
    { name: 'preVerificationGas', type: 'uint256' },
    { name: 'gasFees', type: 'bytes32' },
    { name: 'paymasterAndData', type: 'bytes' },
  ],
};

/** Two numbers of 128 bits in one word. */
function pack(high: bigint, low: bigint): Hex {
  return loadViem().toHex((high << 128n) | low, { size: 32 });
}

async function sign(operation: UserOperation, entryPoint: Hex): Promise<UserOperation> {
  const signature = await accountOf(OWNER_KEY).signTypedData({
    domain: { name: 'ERC4337', version: '1', chainId: CHAIN_ID, verifyingContract: entryPoint },
    types: TYPES,
    primaryType: 'PackedUserOperation',
    message: operation,
  });
  return { ...operation, signature };
}

test('a user operation makes an account, pays for itself and sends Ether', { skip }, async () => {
  const viem = loadViem();
  const entryPoint = accountAbstraction('EntryPoint');
  const factory = accountAbstraction('SimpleAccountFactory');
  const simple = accountAbstraction('SimpleAccount');
  const entryAddress = await deploy(client, entryPoint);
  const factoryAddress = await deploy(client, factory, [entryAddress]);
  const owner = accountOf(OWNER_KEY).address;
  const sender = (await client.readContract({
    address: factoryAddress,
    abi: factory.abi,
    functionName: 'getAddress',
    args: [owner, 0n],
  })) as Hex;
  await mined(client, await client.sendTransaction({ to: sender, value: 2n * ETHER }));
  const deposit = {
    address: entryAddress,
    abi: entryPoint.abi,
    functionName: 'depositTo',
    args: [sender],
    value: ETHER,
  };
  await mined(client, await client.writeContract(deposit));

  // Only the entry point's sender creator may call the factory, so the operation brings its code.
  const create = viem.encodeFunctionData({
    abi: factory.abi,
    functionName: 'createAccount',
    args: [owner, 0n],
  });
  const pay = viem.encodeFunctionData({
    abi: simple.abi,
    functionName: 'execute',
    args: [NOBODY, ETHER / 2n, '0x'],
  });
  const operation: UserOperation = {
    sender,
    nonce: 0n,
    initCode: viem.concat([factoryAddress, create]),
    callData: pay,
    accountGasLimits: pack(1_000_000n, 200_000n),
    preVerificationGas: 50_000n,
    gasFees: pack(GWEI, 10n * GWEI),
    paymasterAndData: '0x',
    signature: '0x',
  };
  const handle = (operations: readonly UserOperation[]) => ({
    address: entryAddress,
    abi: entryPoint.abi,
    functionName: 'handleOps',
    args: [operations, account(1).address],
    account: client.account,
    gas: 3_000_000n,
  });

  // Signed by another: refused with the entry point's own words.
  const forged = { ...operation, signature: `0x${'11'.repeat(64)}1b` } as const;
  await assert.rejects(client.simulateContract(handle([forged])), /AA2[34]/);

  const signed = await sign(operation, entryAddress);
  const collected = await client.getBalance({ address: account(1).address });
  const receipt = await mined(client, await client.writeContract(handle([signed])));
  const names = receipt.logs
    .filter(({ address }) => address.toLowerCase() === entryAddress.toLowerCase())
    .map((log) => viem.decodeEventLog({ abi: entryPoint.abi, ...log }).eventName);
  assert.deepEqual(names, ['AccountDeployed', 'BeforeExecution', 'UserOperationEvent']);
  assert.equal(await client.getBalance({ address: NOBODY }), ETHER / 2n);
  assert.equal(await client.getBalance({ address: sender }), (3n * ETHER) / 2n);
  assert((await client.getBalance({ address: account(1).address })) > collected);
  const left = (await client.readContract({
    address: entryAddress,
    abi: entryPoint.abi,
    functionName: 'balanceOf',
    args: [sender],
  })) as bigint;
  assert(left < ETHER, 'the deposit paid');

  // The same again: its nonce is used.
  await assert.rejects(client.simulateContract(handle([signed])), /AA(10|25)/);
});
