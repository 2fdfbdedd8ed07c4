import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** An empty folder, and a way to be rid of it. */
export interface TestFolder extends AsyncDisposable {
  readonly path: string;
}

export async function testFolder(name: string): Promise<TestFolder> {
  const path = await mkdtemp(join(tmpdir(), `basalt-store-${name}-`));
  return {
    path,
    [Symbol.asyncDispose]: () => rm(path, { recursive: true, force: true }),
  };
}
