/**
 * Compiles the contracts of this folder with solc from the registry and leaves their code beside
 * the sources: tests use it without a compiler. Run after a change of a source:
 *
 *   node packages/execution/bench/compile-contracts.ts
 */
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
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
 * Code as it lies on a chain, in hexadecimal digits, by contract name.
 *
 * @throws {Error} when a contract does not compile
 */
export function compileContracts(): Map<string, string> {
  const compiler = loadPeer('solc') as Compiler;
  const names = readdirSync(FOLDER).filter((name) => name.endsWith('.sol'));
  const sources = Object.fromEntries(
    names.map((name) => [name, { content: readFileSync(join(FOLDER, name), 'utf8') }]),
  );
  const settings = {
    evmVersion: 'cancun',
    metadata: { bytecodeHash: 'none', appendCBOR: false },
    optimizer: { enabled: true, runs: 200 },
    outputSelection: { '*': { '*': ['evm.deployedBytecode.object'] } },
  };
  const input = JSON.stringify({ language: 'Solidity', sources, settings });
  const output = JSON.parse(compiler.compile(input)) as CompilerOutput;
  const failure = output.errors?.find(({ severity }) => severity === 'error');
  if (failure !== undefined) throw new Error(failure.formattedMessage);
  return new Map(
    Object.values(output.contracts).flatMap((file) =>
      Object.entries(file)
        .filter(([, { evm }]) => evm.deployedBytecode.object !== '')
        .map(([name, { evm }]): [string, string] => [name, evm.deployedBytecode.object]),
    ),
  );
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? '').href) {
  for (const [name, code] of compileContracts()) {
    writeFileSync(join(FOLDER, `${name}.hex`), `${code}\n`);
  }
}
