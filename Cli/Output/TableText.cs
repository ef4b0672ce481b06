using Spectre.Console;
using Spectre.Console.Rendering;

namespace MmuStress.Cli;

/// <summary>Tables as plain text, the same on a terminal and in a file.</summary>
internal static class TableText
{
    /// <summary>Renders a table.</summary>
    /// <param name="table">The table.</param>
    /// <param name="width">How many characters a line may have before cells are wrapped.</param>
    /// <returns>Lines without spaces at their ends, each ended by a line feed.</returns>
    public static string Of(IRenderable table, int width = 240)
    {
        using var writer = new StringWriter();
        IAnsiConsole console = AnsiConsole.Create(new AnsiConsoleSettings
        {
            Ansi = AnsiSupport.No,
            ColorSystem = ColorSystemSupport.NoColors,
            Interactive = InteractionSupport.No,
            Out = new AnsiConsoleOutput(writer),
        });
        console.Profile.Width = width;
        console.Write(table);
        IEnumerable<string> lines = writer.ToString().ReplaceLineEndings("\n").Split('\n').Select(l => l.TrimEnd());
        return string.Join('\n', lines).Trim('\n') + "\n";
    }
}
