/** Compiles the contracts of this folder with solc from the registry. */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { loadPeer } from '../../../tools/bench/peers.ts';

const FOLDER = join(import.meta.dirname, 'contracts');

interface Compiler {
  compile(input: string): string;
}

interface CompilerOutput {
  readonly errors?: readonly { readonly severity: string; readonly formattedMessage: string }[];
  readonly contracts: Readonly<
    Record<string, Readonly<Record<string, { evm: { deployedBytecode: { object: string } } }>>>
  >;
}

/**
 * Code as it lies on a chain, by contract name.
 *
 * @throws {Error} when a contract does not compile
 */
export function compileContracts(): Map<string, Uint8Array> {
  const compiler = loadPeer('solc') as Compiler;
  const sources = Object.fromEntries(
    readdirSync(FOLDER).map((name) => [
      name,
      { content: readFileSync(join(FOLDER, name), 'utf8') },
    ]),
  );
  const settings = {
    optimizer: { enabled: true, runs: 200 },
    outputSelection: { '*': { '*': ['evm.deployedBytecode.object'] } },
  };
  const input = JSON.stringify({ language: 'Solidity', sources, settings });
  const output = JSON.parse(compiler.compile(input)) as CompilerOutput;
  const failure = output.errors?.find(({ severity }) => severity === 'error');
  if (failure !== undefined) throw new Error(failure.formattedMessage);
  return new Map(
    Object.values(output.contracts).flatMap((file) =>
      Object.entries(file).map(([name, { evm }]): [string, Uint8Array] => [
        name,
        Uint8Array.from(Buffer.from(evm.deployedBytecode.object, 'hex')),
      ]),
    ),
  );
}
