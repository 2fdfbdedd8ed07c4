/**
 * Node's spec reporter without its closing lines: they are left, one JSON object, in the file that
 * `BASALT_TEST_COUNTS` names, so that a run of several suites can close with one set for all.
 */
import { writeFileSync } from 'node:fs';
import { Transform, type TransformCallback } from 'node:stream';
import { spec } from 'node:test/reporters';

interface Event {
  readonly type: string;
  readonly data: { readonly nesting?: number; readonly message?: string };
}

/** The closing lines by name: tests, suites, pass, fail, cancelled, skipped, todo, duration_ms. */
export type Counts = Readonly<Record<string, number>>;

const CLOSING_LINE = /^(tests|suites|pass|fail|cancelled|skipped|todo|duration_ms) ([\d.]+)$/;

function createFilter(): Transform {
  const counts: Record<string, number> = {};
  return new Transform({
    objectMode: true,
    transform(event: Event, _encoding: BufferEncoding, done: TransformCallback): void {
      const closing =
        event.type === 'test:diagnostic' && event.data.nesting === 0
          ? CLOSING_LINE.exec(event.data.message ?? '')
          : null;
      if (closing?.[1] === undefined) return done(null, event);
      counts[closing[1]] = Number(closing[2]);
      done();
    },
    flush(done: TransformCallback): void {
      const file = process.env['BASALT_TEST_COUNTS'];
      if (file !== undefined) writeFileSync(file, JSON.stringify(counts));
      done();
    },
  });
}

// The form node asks for: `--test-reporter` takes the default export.
export default async function* countingReporter(
  source: AsyncIterable<Event>,
): AsyncGenerator<string> {
  const filter = createFilter();
  const view = new spec();
  filter.pipe(view);
  const feed = (async (): Promise<void> => {
    for await (const event of source) filter.write(event);
    filter.end();
  })();
  yield* view as AsyncIterable<string>;
  await feed;
}
