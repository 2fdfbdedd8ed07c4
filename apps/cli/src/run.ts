import { CommanderError } from 'commander';
import { type Context, createContext } from './context.ts';
import { CliError } from './errors.ts';
import { EXIT } from './exit-codes.ts';
import { explainError } from './explain-error.ts';
import { createProgram } from './program.ts';
import { VERSION } from './version.ts';

/** 128 + SIGINT, as shells expect it. */
const EXIT_INTERRUPTED = 130;

/** Runs one command line and ends the process with its exit code. */
export async function run(args: readonly string[]): Promise<void> {
  const interrupts = catchInterrupts();
  const context = createContext(interrupts.signal);
  quietBrokenPipe();
  const code = await execute(context, args);
  // A command may leave standard input or sockets open; everything durable is closed by now.
  await flush(process.stdout);
  process.exit(code);
}

async function execute(context: Context, args: readonly string[]): Promise<number> {
  const name = args.find((argument) => !argument.startsWith('-'));
  try {
    const asked = name === 'help' ? args[args.indexOf('help') + 1] : name;
    const program = await createProgram(context, VERSION, asked);
    for (const command of [program, ...program.commands, ...subcommands(program)]) {
      command.exitOverride();
    }
    if (args.length === 0) {
      program.outputHelp();
      return EXIT.ok;
    }
    await program.parseAsync([...args], { from: 'user' });
    return typeof process.exitCode === 'number' ? process.exitCode : EXIT.ok;
  } catch (error) {
    context.terminal.clearLive();
    if (error instanceof CommanderError) return error.exitCode === 0 ? EXIT.ok : EXIT.usage;
    if (context.signal.aborted) return EXIT_INTERRUPTED;
    const explained = explainError(error);
    printError(context, explained, args.includes('--json'));
    if (context.environment['BASALT_DEBUG'] !== undefined) console.error(error);
    return explained.exitCode;
  }
}

type Commands = Awaited<ReturnType<typeof createProgram>>;

function subcommands(program: Commands): Commands['commands'] {
  return program.commands.flatMap((command) => command.commands);
}

function printError({ terminal }: Context, error: CliError, json: boolean): void {
  const { code, message, hint, exitCode } = error;
  if (json) {
    terminal.line(JSON.stringify({ error: { code, message, hint, exitCode } }));
    return;
  }
  terminal.line(`${terminal.style(['red', 'bold'], 'basalt:')} ${message}`);
  if (hint !== undefined) terminal.line(`  ${terminal.style('cyan', 'try:')} ${hint}`);
}

/** The first Ctrl+C (or SIGTERM) asks the command to end, the second ends the process at once. */
function catchInterrupts(): AbortController {
  const controller = new AbortController();
  const interrupt = (): void => {
    if (controller.signal.aborted) process.exit(EXIT_INTERRUPTED);
    controller.abort();
  };
  process.on('SIGINT', interrupt);
  process.on('SIGTERM', interrupt);
  return controller;
}

/** `basalt list | head` closes the pipe early; that is no error. */
function quietBrokenPipe(): void {
  process.stdout.on('error', (error: NodeJS.ErrnoException) => {
    process.exit(error.code === 'EPIPE' ? EXIT.ok : EXIT.usage);
  });
}

function flush(stream: NodeJS.WriteStream): Promise<void> {
  return new Promise((resolve) => {
    if (stream.writableLength === 0) resolve();
    else stream.write('', () => resolve());
  });
}
