import { generateModule } from './generate.ts';
import type { CompiledCode, CompileJob } from './types.ts';

/** Generates a job's code at once, on this thread. */
export function compileNow({ fork, code, isShared }: CompileJob): CompiledCode | undefined {
  const bytes = generateModule(fork, code, { isShared });
  if (bytes === undefined) return undefined;
  return { module: new WebAssembly.Module(bytes), bytes: bytes.length };
}
