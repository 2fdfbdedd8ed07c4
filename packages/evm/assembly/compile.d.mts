export interface CompileOptions {
  /** For a shared memory; private unless said. */
  readonly isShared?: boolean;
  /** Changes a source file before it is compiled; the name may come with its folder. */
  readonly edit?: (name: string, text: string) => string;
}

/** Compiles the kernel to a WebAssembly module. */
export function compileKernel(options?: CompileOptions): Promise<Uint8Array<ArrayBuffer>>;

/** Compiles assembly/blake2f. */
export function compileBlake2f(): Promise<Uint8Array<ArrayBuffer>>;

/** Compiles assembly/keccak. */
export function compileKeccak(): Promise<Uint8Array<ArrayBuffer>>;
