/** Requests that have a result on a fresh devnet: what mutations begin with. */
export const ADDRESS = '0xf39fd6e51aad88f6f4ce6ab8827279cfffb92266';
export const OTHER = '0x70997970c51812dc3a010c7d01b50e0d17dc79c8';
const ZERO_HASH = `0x${'00'.repeat(32)}`;
/** Returns what it was called with. */
const ECHO = '0x365f5f37365ff3';
/** Stores its call data, logs it and reverts where it is empty. */
const STORE = '0x36600557005b5f355f555f355f5260205fa15f5ffd';

const TYPED_DATA = {
  types: {
    EIP712Domain: [{ name: 'name', type: 'string' }],
    Mail: [
      { name: 'to', type: 'address' },
      { name: 'parts', type: 'uint256[2][]' },
      { name: 'note', type: 'bytes' },
    ],
  },
  primaryType: 'Mail',
  domain: { name: 'mail' },
  message: { to: OTHER, parts: [[1, '2']], note: '0x1234' },
};

const CALL = {
  from: ADDRESS,
  to: OTHER,
  gas: '0xf4240',
  maxFeePerGas: '0x77359400',
  maxPriorityFeePerGas: '0x1',
  value: '0x1',
  input: '0x1234',
  accessList: [{ address: OTHER, storageKeys: [ZERO_HASH] }],
};

const OVERRIDES = {
  [OTHER]: { code: ECHO, balance: '0x10', nonce: '0x1', stateDiff: { [ZERO_HASH]: ZERO_HASH } },
  '0x0000000000000000000000000000000000000002': {
    movePrecompileToAddress: '0x0000000000000000000000000000000000123456',
  },
};

const BLOCK_OVERRIDES = {
  number: '0x5',
  time: '0x6553f200',
  gasLimit: '0x1c9c380',
  feeRecipient: OTHER,
  prevRandao: ZERO_HASH,
  baseFeePerGas: '0x0',
  blobBaseFee: '0x1',
};

export const REQUESTS: readonly (readonly [method: string, ...params: readonly unknown[]])[] = [
  ['eth_getBlockByNumber', 'latest', true],
  ['eth_getBlockByNumber', 'pending', true],
  ['eth_getBlockByHash', ZERO_HASH, false],
  ['eth_getBlockReceipts', { blockNumber: '0x0' }],
  ['eth_getBalance', ADDRESS, { blockHash: ZERO_HASH, requireCanonical: true }],
  ['eth_getStorageAt', ADDRESS, '0x0', 'latest'],
  ['eth_getStorageValues', { [ADDRESS]: ['0x0', ZERO_HASH] }, 'latest'],
  ['eth_getProof', ADDRESS, ['0x0', ZERO_HASH], 'latest'],
  ['eth_getTransactionCount', ADDRESS, 'pending'],
  ['eth_call', CALL, 'latest', OVERRIDES, BLOCK_OVERRIDES],
  ['eth_call', { to: OTHER, data: '0x' }, 'latest', { [OTHER]: { code: STORE } }],
  ['eth_estimateGas', CALL, 'latest', OVERRIDES],
  ['eth_createAccessList', { ...CALL, to: OTHER }, 'latest', { [OTHER]: { code: STORE } }],
  [
    'eth_simulateV1',
    {
      blockStateCalls: [
        {
          stateOverrides: OVERRIDES,
          blockOverrides: BLOCK_OVERRIDES,
          calls: [CALL, { from: OTHER }],
        },
        { calls: [{ from: ADDRESS, to: OTHER, value: '0x1' }] },
      ],
      traceTransfers: true,
      validation: false,
      returnFullTransactions: true,
    },
    'latest',
  ],
  ['eth_feeHistory', '0x2', 'latest', [10, 50.5]],
  ['eth_getLogs', { fromBlock: '0x0', toBlock: 'latest', address: [ADDRESS], topics: [null, []] }],
  ['eth_newFilter', { fromBlock: 'latest', topics: [[ZERO_HASH]] }],
  ['eth_fillTransaction', { from: ADDRESS, to: OTHER, value: '0x1' }],
  ['eth_sendTransaction', { from: ADDRESS, to: OTHER, value: '0x1', gas: '0x5208' }],
  ['eth_signTransaction', { from: ADDRESS, to: OTHER, gas: '0x5208', gasPrice: '0x77359400' }],
  ['eth_sign', ADDRESS, '0x1234'],
  ['eth_signTypedData_v4', ADDRESS, TYPED_DATA],
  ['debug_traceCall', CALL, 'latest', { tracer: 'callTracer', stateOverrides: OVERRIDES }],
  ['debug_traceCall', CALL, 'latest', { enableMemory: true, stateOverrides: OVERRIDES, limit: 3 }],
  [
    'debug_traceCall',
    CALL,
    'latest',
    { tracer: 'prestateTracer', tracerConfig: { diffMode: true } },
  ],
  [
    'testing_buildBlockV1',
    ZERO_HASH,
    {
      timestamp: '0x7fffffff',
      prevRandao: ZERO_HASH,
      suggestedFeeRecipient: ADDRESS,
      withdrawals: [{ index: '0x0', validatorIndex: '0x1', address: OTHER, amount: '0x1' }],
      parentBeaconBlockRoot: ZERO_HASH,
    },
    [],
    '0x',
  ],
  ['hardhat_setBalance', OTHER, '0x1'],
  ['anvil_setStorageAt', OTHER, '0x0', ZERO_HASH],
  ['web3_sha3', '0x1234'],
];
