namespace MmuStress.Bench;

internal static partial class OptionalBenches
{
    static partial void RunCoyote(string[] args, ref int? exitCode)
    {
        switch (args.FirstOrDefault())
        {
            case "crosscheck":
                exitCode = CrossCheck.Run(args.Skip(1).ToList());
                break;
            case "coyote":
                exitCode = CoyoteComparison.Run(args.Skip(1).ToList());
                break;
            case Worker.Verb:
                exitCode = Worker.Run();
                break;
            default:
                break;
        }
    }
}
