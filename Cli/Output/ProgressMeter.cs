using System.Threading;
using Spectre.Console;

namespace MmuStress.Cli;

/// <summary>Shows on stderr how far long work has come: a live line on a terminal, else a plain line every few seconds.</summary>
internal static class ProgressMeter
{
    private const int TerminalMilliseconds = 100;
    private const int SpinnerWidth = 4;

    /// <summary>Works and shows how far it has come.</summary>
    /// <typeparam name="T">The type of the result.</typeparam>
    /// <param name="surroundings">Where it is shown.</param>
    /// <param name="isOn">Whether it is shown.</param>
    /// <param name="read">Says how far the work has come; called from another thread.</param>
    /// <param name="work">The work.</param>
    /// <returns>The result.</returns>
    public static T Show<T>(Surroundings surroundings, bool isOn, Func<ProgressSnapshot> read, Func<T> work)
    {
        if (!isOn)
        {
            return work();
        }

        return surroundings.ErrorIsTerminal ? OnTerminal(surroundings, read, work) : InLines(surroundings, read, work);
    }

    private static T InLines<T>(Surroundings surroundings, Func<ProgressSnapshot> read, Func<T> work)
    {
        using var ticker = new Ticker(surroundings.FirstProgress, surroundings.ProgressInterval, () => surroundings.Error.Write($"{read()}\n"));
        return work();
    }

    private static T OnTerminal<T>(Surroundings surroundings, Func<ProgressSnapshot> read, Func<T> work)
    {
        IAnsiConsole console = AnsiConsole.Create(new AnsiConsoleSettings
        {
            Ansi = AnsiSupport.Yes,
            Interactive = InteractionSupport.Yes,
            Out = new AnsiConsoleOutput(surroundings.Error),
        });
        Progress progress = console.Progress().AutoClear(true).Columns(new SpinnerColumn(), new TaskDescriptionColumn { Alignment = Justify.Left });
        return progress.Start(context =>
        {
            ProgressTask task = context.AddTask(Line());
            using var ticker = new Ticker(TimeSpan.Zero, TimeSpan.FromMilliseconds(TerminalMilliseconds), () => task.Description = Line());
            return work();
        });

        // One line, however narrow the terminal is.
        string Line()
        {
            string line = read().ToString();
            int width = Math.Max(console.Profile.Width - SpinnerWidth, 1);
            return Markup.Escape(line.Length > width ? line[..width] : line);
        }
    }

    // A timer whose last tick is over when it is disposed of, and that never overtakes itself.
    private sealed class Ticker : IDisposable
    {
        private readonly Timer timer;
        private readonly Lock guard = new();
        private readonly Action tick;
        private bool isOver;

        public Ticker(TimeSpan first, TimeSpan interval, Action tick)
        {
            this.tick = tick;
            timer = new Timer(_ => Tick(), null, first, interval);
        }

        public void Dispose()
        {
            timer.Dispose();
            lock (guard)
            {
                isOver = true;
            }
        }

        private void Tick()
        {
            if (!guard.TryEnter())
            {
                return;
            }

            try
            {
                if (!isOver)
                {
                    tick();
                }
            }
            catch (IOException)
            {
                // Nobody reads stderr any more; the work goes on.
            }
            finally
            {
                guard.Exit();
            }
        }
    }
}
