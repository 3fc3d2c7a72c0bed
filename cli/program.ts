/**
 * Commands and flags. An unknown one is an error with the nearest name; every flag here has an effect or is refused
 * by name. A command is loaded when it is called, so that help and errors come at once.
 */
import { Command, Option } from 'commander';
import type { StrategyName } from '../checker/check.ts';
import type { StoreName } from '../checker/stores.ts';
import { explorable } from '../explore/names.ts';
import { exportFormats } from '../reports/export/formats.ts';
import type { CheckFlags } from './commands/check.ts';
import type { CompareFlags } from './commands/compare.ts';
import type { CorpusFlags } from './commands/corpus.ts';
import type { ExploreFlags } from './commands/explore.ts';
import type { ExportFlags } from './commands/export.ts';
import type { GrowFlags } from './commands/grow.ts';
import type { MonitorFlags } from './commands/monitor.ts';
import type { RegressFlags } from './commands/regress.ts';
import type { ReplayFlags } from './commands/replay.ts';
import type { ReportFlags } from './commands/report.ts';
import type { SensitivityFlags } from './commands/sensitivity.ts';
import type { ShowcaseFlags } from './commands/showcase.ts';
import type { ShrinkFlags } from './commands/shrink.ts';
import { type Console, type ConsoleOptions, processConsole } from './console.ts';
import type { ExitStatus } from './exit.ts';
import { packageVersion } from './package.ts';
import { bound, boundRange, collect, count, countFromZero, duration, formats, names, size } from './values.ts';

const orders: readonly StrategyName[] = ['bfs', 'dfs', 'bounded', 'random', 'pct', 'anytime'];
const stores: readonly StoreName[] = ['exact', 'compressed', 'compact', 'bitstate'];

/** The program; `done` receives the exit status of the command that ran. */
export function program(done: (status: ExitStatus) => void): Command {
  const root = new Command('quiesce')
    .description('A model checker for concurrency races in the Linux IOMMU stack.')
    .version(packageVersion)
    .exitOverride()
    // Errors are printed in one form by the caller.
    .configureOutput({ outputError: () => undefined })
    .helpCommand(false)
    .addHelpText(
      'after',
      '\nExit statuses and words are explained by `quiesce explain <id>`, for example `quiesce explain 152`.',
    );
  const consoleFor = (flags: ConsoleOptions) => processConsole(flags);
  const out = () => new Option('-o, --out <dir>', 'folder for results').default('runs');
  const quiet = () => new Option('--quiet', 'no progress and no notes');
  const plain = () => new Option('--no-color', 'no colour in results');
  const json = () => new Option('--json', 'one JSON document on stdout instead of text');
  const workers = () => new Option('--workers <number>', 'threads of the search; 1 unless given').argParser(count);
  const model = () => new Option('--model <file>', 'model file that exports the scenarios');

  type Common = ConsoleOptions;
  const command = <F extends object>(
    c: Command,
    action: (console: Console, flags: F, given: string | undefined, all: readonly string[]) => Promise<ExitStatus>,
  ) =>
    c.action(async function (this: Command) {
      const flags = this.opts<F & Common>();
      done(await action(consoleFor(flags), flags, this.args[0], this.args));
    });

  command<CheckFlags>(
    root
      .command('check')
      .description('search a scenario within its bounds and tell the verdict')
      .argument('<scenario>', 'name of a scenario, or a model file such as ./my.model.ts or ./my.model.ts#name')
      .option('--variant <name>', 'variant of the scenario; the first one unless given')
      .option('--bound <name=number>', 'another value for a bound; may be repeated', bound)
      .option('--property <name>', 'only this property; may be repeated', collect)
      .addOption(new Option('--order <order>', 'order of the search').choices(orders))
      .option(
        '--preemptions <number>',
        'most preemptions of a schedule, for the bounded and anytime orders',
        countFromZero,
      )
      .option('--symmetry', 'look at one of all states that differ in the names of interchangeable blocks only')
      .option('--persistent-sets', 'leave out orders of steps that do not matter, where that pays')
      .addOption(new Option('--store <store>', 'how visited states are kept').choices(stores))
      .option('--seed <text>', 'seed of random, pct and anytime walks')
      .option('--runs <number>', 'number of random, pct or anytime walks', count)
      .addOption(workers())
      .option('--time <duration>', 'stop after this time, such as 30s or 5m', duration)
      .option(
        '--mem <size>',
        'at this much memory, such as 2G, go on on disk or stop; with --store bitstate, take it',
        size,
      )
      .option('--depth <number>', 'greatest depth, or longest walk', count)
      .option('--states <number>', 'stop after this many states', count)
      .option('--checkpoint', 'write the search to the folder of the run every minute, and when a limit ends it')
      .option('--checkpoint-every <duration>', 'the same, so often', duration)
      .option(
        '--spill <dir>',
        'with --mem: when it is full, go on with the states in this folder, not in that of the run',
      )
      .option('--no-spill', 'with --mem: stop when it is full')
      .option('--resume <run>', 'take up the search of a checkpoint, or of the folder it lies in')
      .option('--all', 'go on after the first violation: one counterexample for each signature')
      .option('--no-shrink', 'leave the schedules of random, pct and anytime as they were found')
      .option('--analyse', 'look at lock order, data races and orders of events as well')
      .option('--expect <verdict>', 'none, declared, or a kind of violation: succeed only then')
      .addOption(json())
      .option('--events', 'newline-separated JSON events on stdout instead of text')
      .addOption(quiet())
      .addOption(plain())
      .addOption(out()),
    async (console, flags, given) =>
      (await import('./commands/check.ts')).checkCommand(given as string, flags, console),
  );

  command<GrowFlags>(
    root
      .command('grow')
      .description('raise bounds until time or memory is spent: how far is everything known?')
      .argument('<scenario>', 'name of a scenario, or a model file such as ./my.model.ts or ./my.model.ts#name')
      .option('--variant <name>', 'variant of the scenario; the first one unless given')
      .option(
        '--bound <name=from..to>',
        'raise only the bounds with a range, name=1..4 or name=1.. without an end; name=2 keeps a value; may be repeated. Unless given, every bound is raised from its declared value',
        boundRange,
      )
      .option('--down', 'look for the smallest bounds, and the fewest injected failures, at which the bug shows')
      .option('--property <name>', 'only this property; may be repeated', collect)
      .option('--symmetry', 'look at one of all states that differ in the names of interchangeable blocks only')
      .addOption(workers())
      .option('--time <duration>', 'time for all searches together, such as 5m; 1m unless given', duration)
      .option('--mem <size>', 'memory for each search, such as 4G; 2G unless given', size)
      .option('--states <number>', 'most states of each search', count)
      .addOption(json())
      .addOption(quiet())
      .addOption(plain())
      .addOption(out())
      .addHelpText(
        'after',
        `
Cells are tried in the order of their expected size: each bound alone first, then together. A violation, a limit or a
model that cannot be built ends the growth in that direction; so does an open range where raising the bound changed
nothing. The last search is cut when the time is over and shown as undecided.`,
      ),
    async (console, flags, given) => (await import('./commands/grow.ts')).growCommand(given as string, flags, console),
  );

  command<ExploreFlags>(
    root
      .command('explore')
      .description("search scenarios made by chance of a system's public operations")
      .argument('<system>', `one of ${explorable.join(', ')}`)
      .option('--variant <name>', 'only this variant; all that are not repaired unless given')
      .option('--ops <names>', 'comma-separated operations to choose from; all but large ones unless given', names)
      .option('--objects <kind=number>', 'at most so many objects of a kind; may be repeated', bound)
      .option('--failures <names>', 'each scenario has one of these failures; most have none unless given', names)
      .option('--actors <number>', 'most actors of a scenario; 3 unless given', count)
      .option('--runs <number>', 'scenarios to draw; 100 unless given', count)
      .option('--seed <number>', 'seed of what is drawn; 1 unless given', countFromZero)
      .option('--time <duration>', 'stop after this time, such as 30s or 5m', duration)
      .option('--states <number>', 'states after which a search goes on as PCT walks; 20,000 unless given', count)
      .option('--without-contract <name>', 'scenarios need not keep this contract; may be repeated', collect)
      .addOption(json())
      .addOption(quiet())
      .addOption(out()),
    async (console, flags, given) =>
      (await import('./commands/explore.ts')).exploreCommand(given as string, flags, console),
  );

  command<SensitivityFlags>(
    root
      .command('sensitivity')
      .description('leave out each lock, reference, flush, wait and check of a form that holds: what notices?')
      .argument('<scenario>', 'name of a scenario, or a model file such as ./my.model.ts or ./my.model.ts#name')
      .option('--variant <name>', 'variant that holds; the first one that is expected to unless given')
      .option('--bound <name=number>', 'another value for a bound; may be repeated', bound)
      .option('--factor <number>', 'most states of a mutant, as a multiple of those of the form; 4 unless given', count)
      .option('--steps', 'leave out also each step that is there for its effect alone')
      .option('--symmetry', 'look at one of all states that differ in the names of interchangeable blocks only')
      .option('--update', 'put the table into docs/sensitivity.md')
      .addOption(json())
      .addOption(quiet())
      .addOption(plain())
      .addOption(out()),
    async (console, flags, given) =>
      (await import('./commands/sensitivity.ts')).sensitivityCommand(given as string, flags, console),
  );

  command<{ json?: boolean }>(
    root.command('list').description('list scenarios, variants and expected verdicts').addOption(json()),
    async (console, flags) => (await import('./commands/list.ts')).listCommand(flags, console),
  );

  command<CorpusFlags>(
    root
      .command('corpus')
      .description('search every variant of every scenario, several at a time: is every verdict the expected one?')
      .argument('[scenario...]', 'names of scenarios; all unless given')
      .option('--jobs <number>', 'searches at a time; one for each processor unless given', count)
      .option('--needs', 'also look for the smallest bounds at which each bug shows')
      .option('--update', 'the same, and write docs/corpus.md and scenarios/measured.json')
      .addOption(json())
      .addOption(quiet())
      .addOption(out()),
    async (console, flags, _given, names) =>
      (await import('./commands/corpus.ts')).corpusCommand(names, flags, console),
  );

  command<ReplayFlags>(
    root
      .command('replay')
      .description('drive a stored schedule through its model')
      .argument('<schedule>', 'schedule file')
      .addOption(model())
      .option('--variant <name>', 'drive it against another variant')
      .option('--steps', 'print every step with what it changed')
      .addOption(json().conflicts('steps'))
      .addOption(quiet())
      .addOption(plain()),
    async (console, flags, given) =>
      (await import('./commands/replay.ts')).replayCommand(given as string, flags, console),
  );

  command<ShrinkFlags>(
    root
      .command('shrink')
      .description('make a stored schedule simpler: fewer context switches, fewer steps, the same violation')
      .argument('<schedule>', 'schedule file')
      .addOption(model())
      .option(
        '--states <number>',
        'most states of the search that proves it minimal; 300,000 unless given',
        countFromZero,
      )
      .option('-o, --out <file>', 'where to write it; beside the schedule, as .shrunk.sched, unless given')
      .addOption(json())
      .addOption(quiet())
      .addOption(plain()),
    async (console, flags, given) =>
      (await import('./commands/shrink.ts')).shrinkCommand(given as string, flags, console),
  );

  command<RegressFlags>(
    root
      .command('regress')
      .description('replay every stored schedule of a folder')
      .argument('[folder]', 'folder with .sched files; those of quiesce unless given')
      .addOption(model())
      .option('--verdicts', 'then search every variant that no schedule decides: is its verdict the expected one?')
      .option('--update', 'write anew the schedules of bugs that are still there but whose steps moved')
      .option('--add', 'search the variants expected to be violated that have no schedule, and store theirs')
      .option('--junit <file>', 'also write the results as JUnit XML')
      .addOption(json())
      .addOption(quiet()),
    async (console, flags, given) => (await import('./commands/regress.ts')).regressCommand(given, flags, console),
  );

  command<ReportFlags>(
    root
      .command('report')
      .description('write the HTML report of an earlier run again, or print the table of a growth')
      .argument('<run>', 'folder of the run, the document in it, or a folder of runs for one page of all')
      .option('-o, --out <path>', 'folder, or a file that ends in .html')
      .addOption(new Option('--text', 'print it as text').conflicts('out')),
    async (console, flags, given) =>
      (await import('./commands/report.ts')).reportCommand(given as string, flags, console),
  );

  command<object>(
    root
      .command('reply')
      .description('print the verdict of an earlier run as text for a mail')
      .argument('<run>', 'folder of the run, or its verdict.json'),
    async (console, _flags, given) => (await import('./commands/reply.ts')).replyCommand(given as string, console),
  );

  command<ExportFlags>(
    root
      .command('export')
      .description('write violations in the formats of other tools')
      .argument('<run>', 'folder of a run, its verdict.json, or a schedule')
      .addOption(
        new Option('--as <formats>', `comma-separated: ${exportFormats.join(', ')}`)
          .argParser(formats)
          .makeOptionMandatory(),
      )
      .addOption(model())
      .option('-o, --out <dir>', 'folder for the files; beside the run unless given'),
    async (console, flags, given) =>
      (await import('./commands/export.ts')).exportCommand(given as string, flags, console),
  );

  command<MonitorFlags>(
    root
      .command('monitor')
      .description('print the state machine of an object as an automaton for the runtime verification of the kernel')
      .argument('<scenario>', 'name of a scenario, or a model file')
      .option('--variant <name>', 'variant that holds; the first one that is expected to unless given')
      .requiredOption('--object <path>', 'the object, such as dev0, or iommu_bond#0 for what is allocated')
      .addOption(
        new Option('--field <path>', 'a field of it that makes the state; may be repeated')
          .argParser(collect)
          .makeOptionMandatory(),
      ),
    async (console, flags, given) =>
      (await import('./commands/monitor.ts')).monitorCommand(given as string, flags, console),
  );

  command<CompareFlags>(
    root
      .command('compare')
      .description(
        'search variants of a scenario within the same bounds, and drive each counterexample through the others',
      )
      .argument('<scenario>', 'name of a scenario, or a model file')
      .option('--a <variant>', 'a variant, whose bounds are used; the first one unless given')
      .option('--b <variant>', 'another; the first that is expected to hold unless given')
      .addOption(new Option('--matrix', 'all variants').conflicts('b'))
      .option('--bound <name=number>', 'another value for a bound; may be repeated', bound)
      .option('--must-differ', 'fail unless their verdicts differ')
      .addOption(workers())
      .option('--time <duration>', 'stop each search after this time', duration)
      .addOption(json())
      .addOption(quiet()),
    async (console, flags, given) =>
      (await import('./commands/compare.ts')).compareCommand(given as string, flags, console),
  );

  command<object>(
    root
      .command('diff')
      .description('align two schedules and tell where they differ first')
      .argument('<a>', 'a schedule, or an ITF trace of quiesce')
      .argument('<b>', 'another'),
    async (console, _flags, _given, all) => (await import('./commands/diff.ts')).diffCommand(all, console),
  );

  command<object>(
    root
      .command('explain')
      .description('tell what a word, kind, exit status, error or scenario means')
      .argument('[id]', 'for example deadlock, 152, schedule'),
    async (console, _flags, given) => (await import('./commands/explain.ts')).explainCommand(given, console),
  );

  command<ShowcaseFlags>(
    root
      .command('showcase')
      .description('check the headline scenarios as posted and as repaired')
      .addOption(workers())
      .addOption(quiet())
      .addOption(plain())
      .addOption(out()),
    async (console, flags) => (await import('./commands/showcase.ts')).showcaseCommand(flags, console),
  );
  return root;
}
