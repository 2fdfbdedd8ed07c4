export interface CompileSchedulerOptions {
  /** Places between two steps are handed to the host: imports `host.preempt`. */
  readonly isPreemptible?: boolean;
  /** Changes a source file before it is compiled; name without folder, `index.ts` say. */
  readonly edit?: (name: string, text: string) => string;
}

export function compileScheduler(
  options?: CompileSchedulerOptions,
): Promise<Uint8Array<ArrayBuffer>>;
