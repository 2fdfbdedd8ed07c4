import assert from 'node:assert/strict';
import { test } from 'node:test';
import hre from 'hardhat';

const { ethers, networkHelpers, provider } = await hre.network.getOrCreate();
const { time } = networkHelpers;
const AMOUNT = 10n ** 18n;
const YEAR_SECONDS = 365 * 24 * 3600;

async function deployVault() {
  const unlockTime = (await time.latest()) + YEAR_SECONDS;
  const vault = await ethers.deployContract('Vault', [unlockTime], { value: AMOUNT });
  await vault.waitForDeployment();
  const [owner, other] = await ethers.getSigners();
  return { vault, unlockTime, owner, other };
}

/** Over HTTP Hardhat leaves the data of an error to whoever has the ABI. */
async function assertReverted(promise, vault, name) {
  await assert.rejects(promise, (error) => {
    assert.equal(vault.interface.parseError(error.data)?.name, name);
    return true;
  });
}

test('a fixture is loaded, and loaded again from its snapshot', async () => {
  const first = await networkHelpers.loadFixture(deployVault);
  const number = await ethers.provider.getBlockNumber();
  await networkHelpers.mine(5);
  const second = await networkHelpers.loadFixture(deployVault);
  assert.equal(await ethers.provider.getBlockNumber(), number);
  assert.equal(await first.vault.getAddress(), await second.vault.getAddress());
  assert.equal(await second.vault.unlockTime(), BigInt(second.unlockTime));
});

test('custom errors and OpenZeppelin errors name themselves', async () => {
  const { vault, other } = await networkHelpers.loadFixture(deployVault);
  await assertReverted(vault.withdraw.staticCall(), vault, 'TooEarly');
  const call = vault.connect(other).withdraw.staticCall();
  await assertReverted(call, vault, 'OwnableUnauthorizedAccount');
  await assert.rejects(ethers.deployContract('Vault', [1]), /unlock time is past/);
});

test('time goes on when it is told to', async () => {
  const { vault, unlockTime, owner } = await networkHelpers.loadFixture(deployVault);
  await time.increaseTo(unlockTime);
  assert.equal(await time.latest(), unlockTime);
  const before = await ethers.provider.getBalance(owner.address);
  const receipt = await (await vault.withdraw()).wait();
  assert.equal(receipt.status, 1);
  const spent = receipt.gasUsed * receipt.gasPrice;
  assert.equal(await ethers.provider.getBalance(owner.address), before + AMOUNT - spent);
  await time.increase(100);
  assert((await time.latest()) >= unlockTime + 100);
  await time.setNextBlockTimestamp(unlockTime + 5000);
  await networkHelpers.mine();
  assert.equal(await time.latest(), unlockTime + 5000);
});

test('another account is impersonated, given Ether, a nonce, code and storage', async () => {
  const { vault, unlockTime } = await networkHelpers.loadFixture(deployVault);
  const stranger = '0x00000000000000000000000000000000000abcde';
  await networkHelpers.setBalance(stranger, 10n ** 20n);
  assert.equal(await ethers.provider.getBalance(stranger), 10n ** 20n);
  await networkHelpers.setNonce(stranger, 7);
  await networkHelpers.impersonateAccount(stranger);
  const signer = await ethers.getSigner(stranger);
  const sent = await signer.sendTransaction({ to: await vault.owner(), value: 1n });
  assert.equal(sent.nonce, 7);
  await sent.wait();
  await networkHelpers.stopImpersonatingAccount(stranger);
  await assert.rejects(signer.sendTransaction({ to: stranger, value: 1n }));

  // OpenZeppelin keeps the owner in the first slot.
  const address = await vault.getAddress();
  const padded = ethers.zeroPadValue(stranger, 32);
  await networkHelpers.setStorageAt(address, 0, padded);
  assert.equal(BigInt(await vault.owner()), BigInt(stranger));
  assert.equal(await networkHelpers.getStorageAt(address, 0), padded);
  await time.increaseTo(unlockTime);
  await networkHelpers.impersonateAccount(stranger);
  await (await vault.connect(signer).withdraw()).wait();
  assert.equal(await ethers.provider.getBalance(address), 0n);

  // PUSH1 42, PUSH0, MSTORE, PUSH1 32, PUSH0, RETURN.
  await networkHelpers.setCode(stranger, '0x602a5f5260205ff3');
  assert.equal(BigInt(await ethers.provider.call({ to: stranger })), 42n);
});

test('snapshots nest and are gone once returned to', async () => {
  const height = await ethers.provider.getBlockNumber();
  const outer = await networkHelpers.takeSnapshot();
  await networkHelpers.mine(2);
  const inner = await networkHelpers.takeSnapshot();
  await networkHelpers.mineUpTo(height + 10);
  assert.equal(await ethers.provider.getBlockNumber(), height + 10);
  await inner.restore();
  assert.equal(await ethers.provider.getBlockNumber(), height + 2);
  await outer.restore();
  assert.equal(await ethers.provider.getBlockNumber(), height);
});

test('the next block has the fee, the proposer and the randomness that were asked for', async () => {
  const coinbase = '0x00000000000000000000000000000000000c0b0a';
  await networkHelpers.setNextBlockBaseFeePerGas(5_000_000_000n);
  await networkHelpers.setCoinbase(coinbase);
  await networkHelpers.setPrevRandao(77n);
  await networkHelpers.mine();
  const block = await ethers.provider.getBlock('latest');
  assert.equal(block.baseFeePerGas, 5_000_000_000n);
  assert.equal(BigInt(block.miner), BigInt(coinbase));
  const params = ['latest', false];
  const { mixHash } = await provider.request({ method: 'eth_getBlockByNumber', params });
  assert.equal(BigInt(mixHash), 77n);
  await networkHelpers.mine(3, { interval: 60 });
  const last = await ethers.provider.getBlock('latest');
  assert.equal(last.timestamp - (await ethers.provider.getBlock(last.number - 1)).timestamp, 60);
});

test('a transaction that waits can be dropped', async () => {
  await provider.request({ method: 'evm_setAutomine', params: [false] });
  try {
    const [owner] = await ethers.getSigners();
    const sent = await owner.sendTransaction({ to: owner.address, value: 0n, gasLimit: 21_000 });
    assert.equal((await ethers.provider.getTransaction(sent.hash)).blockNumber, null);
    await networkHelpers.dropTransaction(sent.hash);
    assert.equal(await ethers.provider.getTransaction(sent.hash), null);
  } finally {
    await provider.request({ method: 'evm_setAutomine', params: [true] });
  }
});
