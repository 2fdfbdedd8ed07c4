import { type ChainInfo, environmentName, type ResolvedConfig } from '@basalt/node';

/** What founds a chain; a chain that is there stays what it is. */
const FOUNDING = [
  'chainId',
  'chainFork',
  'chainGasLimit',
  'chainAccounts',
  'chainBalance',
  'chainSeed',
] as const;
type Founding = (typeof FOUNDING)[number];

/** Options of `basalt devnet` in place of settings. */
const FLAGS: Readonly<Record<Founding, string>> = {
  chainId: '--chain-id',
  chainFork: '--hardfork',
  chainGasLimit: '--gas-limit',
  chainAccounts: '--accounts',
  chainBalance: '--balance',
  chainSeed: '--seed',
};

/**
 * One line that names what was asked of a chain that is there and is another, with what it is;
 * undefined where nothing was ignored.
 *
 * @param mnemonic as it was given
 */
export function foundingWarning(
  { config, sources }: Pick<ResolvedConfig, 'config' | 'sources'>,
  chain: ChainInfo,
  { mnemonic, isDevnetCommand }: { mnemonic: string | undefined; isDevnetCommand: boolean },
): string | undefined {
  if (chain.isNew) return undefined;
  const ignored = FOUNDING.flatMap((key) => {
    const inUse = valueInUse(chain, key);
    if (sources[key] === 'default' || String(config[key]) === inUse) return [];
    const isFlag = isDevnetCommand && sources[key] === 'flag';
    const other = sources[key] === 'environment' ? environmentName(key) : key;
    return [`${isFlag ? FLAGS[key] : other} ${config[key]} (it has ${inUse})`];
  });
  if (mnemonic !== undefined && mnemonic !== chain.devnet?.mnemonic) {
    ignored.push('--mnemonic (it has its own)');
  }
  if (ignored.length === 0) return undefined;
  return (
    'warning: the chain in this folder was founded before and stays what it is; ignored: ' +
    `${ignored.join(', ')}. Another folder takes a new chain`
  );
}

function valueInUse({ chainId, fork, gasLimit, devnet }: ChainInfo, key: Founding): string {
  switch (key) {
    case 'chainId':
      return String(chainId);
    case 'chainFork':
      return fork;
    case 'chainGasLimit':
      return String(gasLimit);
    case 'chainAccounts':
      return String(devnet?.accounts.length ?? 'none');
    case 'chainBalance':
      return String(devnet?.balanceEther ?? 'none');
    case 'chainSeed':
      return devnet?.seed ?? 'none';
  }
}
