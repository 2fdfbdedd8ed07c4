/**
 * Compiles Solidity for tests with solc from the registry, imports taken from the clients' packages
 * (`@openzeppelin/contracts/...`). What was compiled once is kept by the hash of everything that
 * went in.
 */
import { createHash } from 'node:crypto';
import { existsSync, readdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { clientFile, clientsBuildFolder, clientsFolder, loadClient } from './clients.ts';

/** What clients ask of a contract to deploy and call it. */
export interface CompiledContract {
  /** As ABI tools take it. */
  readonly abi: readonly object[];
  /** Creation code, `0x` and hexadecimal digits. */
  readonly bytecode: `0x${string}`;
  /** Code as it lies on a chain, before immutables are filled in. */
  readonly deployedBytecode: `0x${string}`;
}

interface Compiler {
  compile(input: string, callbacks: { import: (path: string) => { contents: string } }): string;
}

interface Artifact {
  readonly abi: readonly object[];
  readonly evm: {
    readonly bytecode: { readonly object: string };
    readonly deployedBytecode: { readonly object: string };
  };
}

interface CompilerOutput {
  readonly errors?: readonly { readonly severity: string; readonly formattedMessage: string }[];
  readonly contracts: Readonly<Record<string, Readonly<Record<string, Artifact>>>>;
}

/**
 * All contracts that the `.sol` files of a folder define, by name.
 *
 * @throws {Error} with the compiler's words when one does not compile
 */
export function compileFolder(folder: string): ReadonlyMap<string, CompiledContract> {
  const names = readdirSync(folder).filter((name) => name.endsWith('.sol'));
  const sources = Object.fromEntries(
    names.map((name) => [name, { content: readFileSync(join(folder, name), 'utf8') }]),
  );
  const settings = {
    evmVersion: 'cancun',
    optimizer: { enabled: true, runs: 200 },
    outputSelection: {
      '*': { '*': ['abi', 'evm.bytecode.object', 'evm.deployedBytecode.object'] },
    },
  };
  const input = JSON.stringify({ language: 'Solidity', sources, settings });
  const cached = join(clientsBuildFolder(), `solc-${hashOf(input)}.json`);
  if (!existsSync(cached)) {
    const output = compile(input);
    // Another test file may compile the same at the same time.
    writeFileSync(`${cached}.${process.pid}`, JSON.stringify(output));
    renameSync(`${cached}.${process.pid}`, cached);
  }
  const output = JSON.parse(readFileSync(cached, 'utf8')) as CompilerOutput;
  const own = names.flatMap((name) => Object.entries(output.contracts[name] ?? {}));
  return new Map(own.map(([name, artifact]) => [name, fromArtifact(artifact)]));
}

/** A contract as the packages ship it compiled: Hardhat's form, or that of Waffle. */
export function shippedContract(path: string): CompiledContract {
  const artifact = JSON.parse(readFileSync(clientFile(path), 'utf8')) as {
    abi: readonly object[];
    bytecode: string;
    deployedBytecode?: string;
    evm?: Artifact['evm'];
  };
  return {
    abi: artifact.abi,
    bytecode: prefixed(artifact.bytecode),
    deployedBytecode: prefixed(
      artifact.deployedBytecode ?? artifact.evm?.deployedBytecode.object ?? '',
    ),
  };
}

function compile(input: string): CompilerOutput {
  const compiler = loadClient('solc') as Compiler;
  const callbacks = {
    import: (path: string) => ({ contents: readFileSync(clientFile(path), 'utf8') }),
  };
  const output = JSON.parse(compiler.compile(input, callbacks)) as CompilerOutput;
  const failure = output.errors?.find(({ severity }) => severity === 'error');
  if (failure !== undefined) throw new Error(failure.formattedMessage);
  return output;
}

/** Of the sources, and of the lock file that says which compiler and which imports. */
function hashOf(input: string): string {
  const lock = readFileSync(join(clientsFolder(), 'package-lock.json'));
  return createHash('sha256').update(lock).update(input).digest('hex').slice(0, 24);
}

function fromArtifact({ abi, evm }: Artifact): CompiledContract {
  return {
    abi,
    bytecode: prefixed(evm.bytecode.object),
    deployedBytecode: prefixed(evm.deployedBytecode.object),
  };
}

function prefixed(hex: string): `0x${string}` {
  return hex.startsWith('0x') ? (hex as `0x${string}`) : `0x${hex}`;
}
