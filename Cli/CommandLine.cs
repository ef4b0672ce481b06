using System.CommandLine;
using System.CommandLine.Help;
using System.CommandLine.Parsing;

namespace MmuStress.Cli;

/// <summary>The command line: finds the verb, runs it, and turns every failure into one line and an exit code.</summary>
public static class CommandLine
{
    private const string DebugVariable = "MMU_STRESS_DEBUG";

    private static readonly ParserConfiguration Parsing = new() { ResponseFileTokenReplacer = null };

    /// <summary>Runs one command.</summary>
    /// <param name="args">The arguments.</param>
    /// <param name="output">For the result.</param>
    /// <param name="error">For progress and errors.</param>
    /// <returns>The exit code.</returns>
    public static int Run(string[] args, TextWriter output, TextWriter error) =>
        Run(args, new Surroundings { Out = output, Error = error });

    internal static int Run(string[] args, Surroundings surroundings)
    {
        try
        {
            return Dispatch(args, surroundings);
        }
        catch (UsageException e)
        {
            return Fail(e.Message, surroundings);
        }
        catch (OperationCanceledException) when (surroundings.IsInterrupted)
        {
            return ExitCode.Interrupted;
        }
        catch (Exception e)
        {
            if (string.Equals(Environment.GetEnvironmentVariable(DebugVariable), "1", StringComparison.Ordinal))
            {
                surroundings.Error.WriteLine(e);
            }

            return Fail($"unexpected {e.GetType().Name}: {e.Message} ({DebugVariable}=1 shows where)", surroundings);
        }
    }

    /// <summary>The whole command, as it is parsed.</summary>
    /// <param name="surroundings">What it runs in.</param>
    /// <returns>The command.</returns>
    internal static RootCommand Create(Surroundings surroundings)
    {
        var root = new RootCommand(StartText.Help) { HelpName = "mmu-stress" };
        root.Add(ListVerb.Create(surroundings));
        root.Add(ExploreVerb.Create(surroundings));
        root.Add(VerifyVerb.Create(surroundings));
        root.Add(ReplayVerb.Create(surroundings));
        root.Add(ShrinkVerb.Create(surroundings));
        root.Add(ExplainVerb.Create(surroundings));
        root.Add(MutateVerb.Create(surroundings));
        root.Add(SoakVerb.Create(surroundings));
        root.Add(StatsVerb.Create(surroundings));
        root.Add(LitmusVerb.Create(surroundings));
        root.Add(TraceVerb.Create(surroundings));
        root.Options.OfType<HelpOption>().Single().Action = new HelpAction { MaxWidth = 100 };
        return root;
    }

    private static int Dispatch(string[] args, Surroundings surroundings)
    {
        if (args.Length == 0)
        {
            surroundings.Out.Write(StartText.Text);
            return ExitCode.Held;
        }

        if (string.Equals(args[0], "--version", StringComparison.Ordinal))
        {
            surroundings.Out.Write($"mmu-stress {Scenarios.ToolVersion.Text}\n");
            return ExitCode.Held;
        }

        RootCommand root = Create(surroundings);
        if (args[0].StartsWith('-'))
        {
            RequireRootOption(args[0], root);
        }
        else
        {
            Lookup.Require(args[0], root.Subcommands.Select(c => c.Name), "verb", "'mmu-stress --help' names them");
        }

        ParseResult result = root.Parse(args, Parsing);
        if (result.Action is not HelpAction)
        {
            RejectErrors(result);
        }

        return result.Invoke(new InvocationConfiguration
        {
            Output = surroundings.Out,
            Error = surroundings.Error,
            EnableDefaultExceptionHandler = false,
            ProcessTerminationTimeout = null,
        });
    }

    private static void RequireRootOption(string option, RootCommand root)
    {
        List<string> known = root.Options.SelectMany(o => o.Aliases.Append(o.Name)).ToList();
        if (!known.Contains(option, StringComparer.Ordinal))
        {
            string hint = Nearest.To(option, known) is { } nearest ? $"did you mean '{nearest}'?" : "mmu-stress VERB [arguments]";
            throw new UsageException($"a verb comes first, not '{option}'; {hint}");
        }
    }

    private static void RejectErrors(ParseResult result)
    {
        Command command = result.CommandResult.Command;
        if (result.UnmatchedTokens.Count > 0)
        {
            string token = result.UnmatchedTokens[0];
            if (!token.StartsWith('-'))
            {
                throw new UsageException($"{command.Name} does not take a further argument: '{token}'");
            }

            string name = token.Split('=', 2)[0];
            Lookup.Require(name, command.Options.Select(o => o.Name), "option", $"'mmu-stress {command.Name} --help' names them");
        }

        if (result.Errors.Count > 0)
        {
            throw new UsageException(Describe(result.Errors[0], command));
        }
    }

    private static string Describe(ParseError error, Command command) => error.SymbolResult switch
    {
        OptionResult option when option.Tokens.Count == 0 => $"{option.Option.Name} needs a value",
        OptionResult option when option.IdentifierTokenCount > 1 => $"{option.Option.Name} was given more than once",
        ArgumentResult { Tokens.Count: 0 } or CommandResult when command.Arguments.Count > 0 => $"{command.Name} needs a {command.Arguments[0].Name}; 'mmu-stress {command.Name} --help' says more",
        _ => error.Message.TrimEnd('.'),
    };

    private static int Fail(string message, Surroundings surroundings)
    {
        surroundings.Error.Write($"mmu-stress: {message.ReplaceLineEndings(" ")}\n");
        return ExitCode.Usage;
    }
}
