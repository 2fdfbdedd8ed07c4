import { readFileSync } from 'node:fs';
import { Command } from 'commander';
import { type AbiItem, encodeDeployment, parseConstructor } from '../chain/abi.ts';
import { createRpc } from '../chain/rpc.ts';
import { sendAndShow } from '../chain/send-and-show.ts';
import { addSendingOptions, type SendingOptions } from '../chain/sending.ts';
import type { Context } from '../context.ts';
import { CliError } from '../errors.ts';
import { EXIT } from '../exit-codes.ts';
import { addExamples } from '../options.ts';

interface Options extends SendingOptions {
  readonly constructorTypes?: string;
}

export function deployCommand(context: Context): Command {
  const command = new Command('deploy')
    .description(
      'Deploy a contract and show its address: an artifact as Hardhat, Foundry or solc write it, ' +
        'a file with bytecode in hex, or the bytecode itself.',
    )
    .argument('<contract>', 'artifact (JSON), file with hex, or 0x…')
    .argument('[arguments...]', 'of the constructor')
    .option('--constructor-types <types>', 'where no ABI says them, e.g. "(uint256,string)"');
  addSendingOptions(command).action((contract: string, texts: string[], options: Options) =>
    deploy(context, contract, texts, options),
  );
  return addExamples(command, [
    'basalt deploy artifacts/contracts/Token.sol/Token.json "My token" MTK 1000000',
    'basalt deploy 0x600a600c600039600a6000f3602a60005260206000f3',
    'basalt deploy Token.bin --constructor-types "(uint256)" 1000000',
  ]);
}

async function deploy(
  context: Context,
  path: string,
  texts: readonly string[],
  options: Options,
): Promise<void> {
  const contract = readContract(path);
  const types = options.constructorTypes;
  const constructor = types === undefined ? contract.constructor : parseConstructor(types);
  const data = encodeDeployment(contract.bytecode, constructor, texts);
  const rpc = createRpc(options.rpcUrl, context.signal);
  await sendAndShow(context, rpc, options, { to: undefined, data });
}

interface Contract {
  /** Hex with 0x. */
  readonly bytecode: string;
  readonly constructor: AbiItem | undefined;
}

function readContract(path: string): Contract {
  const inline = asBytecode(path);
  if (inline !== undefined) return { bytecode: inline, constructor: undefined };
  let text: string;
  try {
    text = readFileSync(path, 'utf8');
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    throw new CliError(EXIT.usage, 'unreadable', reason, 'give a file, or bytecode as 0x…');
  }
  const bytecode = asBytecode(text.trim()) ?? asBytecode(`0x${text.trim()}`);
  if (bytecode !== undefined) return { bytecode, constructor: undefined };
  return readArtifact(path, text);
}

/** Hardhat: `bytecode` is hex; Foundry: `bytecode.object`; solc: `evm.bytecode.object`. */
function readArtifact(path: string, text: string): Contract {
  let artifact: Artifact;
  try {
    artifact = JSON.parse(text) as Artifact;
  } catch {
    throw unusable(path, 'is neither JSON nor bytecode in hex');
  }
  const { bytecode, evm, abi } = artifact;
  const found = typeof bytecode === 'string' ? bytecode : (bytecode ?? evm?.bytecode)?.object;
  if (found === undefined) throw unusable(path, 'has no bytecode');
  const hex = asBytecode(found.startsWith('0x') ? found : `0x${found}`);
  if (hex === undefined) {
    throw unusable(path, 'has bytecode that is empty (an interface?) or lacks its libraries');
  }
  return { bytecode: hex, constructor: abi?.find(({ type }) => type === 'constructor') };
}

interface Artifact {
  readonly abi?: readonly AbiItem[];
  readonly bytecode?: string | { readonly object?: string };
  readonly evm?: { readonly bytecode?: { readonly object?: string } };
}

function asBytecode(text: string): string | undefined {
  return /^0x(?:[0-9a-f]{2})+$/i.test(text) ? text : undefined;
}

function unusable(path: string, what: string): CliError {
  const hint = 'expected an artifact of Hardhat, Foundry or solc, or bytecode in hex';
  return new CliError(EXIT.usage, 'bad-artifact', `${path} ${what}`, hint);
}
