namespace MmuStress.Cli;

internal static class Program
{
    internal static int Main(string[] args)
    {
        if (args.Length == 0)
        {
            Console.Out.WriteLine("usage: mmu-stress VERB [arguments]");
            return 0;
        }

        Console.Error.WriteLine($"mmu-stress: unknown verb '{args[0]}'");
        return 2;
    }
}
