import hre from 'hardhat';

const { ethers } = await hre.network.getOrCreate();
const [owner] = await ethers.getSigners();
const block = await ethers.provider.getBlock('latest');
const vault = await ethers.deployContract('Vault', [block.timestamp + 3600], { value: 5n });
await vault.waitForDeployment();
const address = await vault.getAddress();
const balance = await ethers.provider.getBalance(address);
console.log(`deployed ${address} by ${owner.address} with ${balance}`);
