using System.CommandLine;

namespace MmuStress.Cli;

/// <summary>The options that say what is written where.</summary>
internal sealed class OutputOptions
{
    private readonly Option<string> folder = new("--out") { HelpName = "DIR", Description = "where schedules are saved", DefaultValueFactory = _ => "schedules" };
    private readonly Option<bool> json = new("--json") { Description = "one JSON object on stdout and nothing else there" };
    private readonly Option<string?> junit = new("--junit") { HelpName = "FILE", Description = "also writes the result as JUnit XML" };
    private readonly Option<bool> noProgress = new("--no-progress") { Description = "no progress on stderr" };
    private readonly bool hasFolder;
    private readonly bool hasJUnit;

    /// <summary>The options.</summary>
    /// <param name="hasFolder">Whether the verb saves schedules.</param>
    /// <param name="hasJUnit">Whether the verb has a result that can pass or fail.</param>
    public OutputOptions(bool hasFolder, bool hasJUnit)
    {
        this.hasFolder = hasFolder;
        this.hasJUnit = hasJUnit;
    }

    /// <summary>Offers the options.</summary>
    /// <param name="command">The verb.</param>
    public void AddTo(Command command)
    {
        if (hasFolder)
        {
            command.Add(folder);
        }

        command.Add(json);
        if (hasJUnit)
        {
            command.Add(junit);
        }

        command.Add(noProgress);
    }

    /// <summary>The options; what cannot be written is refused at once.</summary>
    /// <param name="parsed">What was typed.</param>
    /// <returns>The options.</returns>
    /// <exception cref="UsageException">Something cannot be written.</exception>
    public Outputs Read(ParseResult parsed)
    {
        string? report = hasJUnit ? parsed.GetValue(junit) : null;
        if (report is not null)
        {
            Writable.RequireFile(report, "--junit");
        }

        bool asJson = parsed.GetValue(json);
        return new Outputs(asJson, !asJson && !parsed.GetValue(noProgress), report, new ScheduleFolder(hasFolder ? parsed.GetValue(folder)! : "."));
    }
}
