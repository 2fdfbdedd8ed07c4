import { type Compile, type CompiledCode, type CompileJob, compileInBackground } from '@basalt/evm';

/** Modules kept for workers that ask later than the first; an engine keeps as many. */
const MODULES_MAX = 512;

/** Generates each code once for all threads: a module costs nothing to send. */
export class SharedCompile {
  readonly #compile: Compile;
  /** Oldest first. */
  readonly #modules = new Map<string, Promise<CompiledCode | undefined>>();

  constructor(compile: Compile = compileInBackground) {
    this.#compile = compile;
  }

  /** undefined also where generating failed: the code stays in the interpreter. */
  run(job: CompileJob): Promise<CompiledCode | undefined> {
    const key = `${job.fork} ${Buffer.from(job.hash).toString('hex')}`;
    const known = this.#modules.get(key);
    if (known !== undefined) return known;
    const made = Promise.resolve()
      .then(() => this.#compile(job))
      .catch(() => undefined);
    this.#modules.set(key, made);
    const [oldest] = this.#modules.keys();
    if (this.#modules.size > MODULES_MAX && oldest !== undefined) this.#modules.delete(oldest);
    return made;
  }
}
