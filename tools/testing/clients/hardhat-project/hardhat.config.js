import { createRequire } from 'node:module';
import hardhatEthers from '@nomicfoundation/hardhat-ethers';
import hardhatNetworkHelpers from '@nomicfoundation/hardhat-network-helpers';
import hardhatNodeTestRunner from '@nomicfoundation/hardhat-node-test-runner';
import { defineConfig } from 'hardhat/config';

const require = createRequire(import.meta.url);
/** An ignored folder, given by whoever runs this: a run leaves nothing beside the sources. */
const output = process.env.HARDHAT_OUTPUT;

export default defineConfig({
  plugins: [hardhatEthers, hardhatNetworkHelpers, hardhatNodeTestRunner],
  solidity: {
    version: '0.8.37',
    // The compiler of the registry: nothing is downloaded.
    path: require.resolve('solc/soljson.js'),
    settings: { evmVersion: 'cancun', optimizer: { enabled: true, runs: 200 } },
  },
  networks: {
    devnet: { type: 'http', chainType: 'l1', url: process.env.DEVNET_URL ?? 'http://127.0.0.1:8545', chainId: 31_337 },
  },
  paths: { cache: `${output}/cache`, artifacts: `${output}/artifacts` },
});
