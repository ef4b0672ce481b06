using MmuStress.Explorer;

namespace MmuStress.Litmus;

/// <summary>Finds locations whose value can be copied in a circle, so that it can be anything: out of thin air.</summary>
/// <remarks>
/// The kernel's model forbids that where all accesses of the circle are marked, since a dependency orders those. Where one is
/// plain it may not, and herd then says that the value is a variable, S1: equal to itself and to no number. So does this.
/// Looks at copies between locations whose names are in the source; the order of instructions does not matter.
/// </remarks>
internal sealed class ThinAir
{
    private readonly LitmusTest test;
    private readonly List<(int From, int To, bool IsPlain, int Process)> copies = [];
    private readonly Relation reaches = new();

    public ThinAir(LitmusTest test)
    {
        this.test = test;
        for (int p = 0; p < test.ProcessCount; p++)
        {
            FindCopies(p);
        }

        reaches.Reset(test.Locations.Count);
        foreach ((int from, int to, _, _) in copies)
        {
            reaches.Add(from, to);
        }

        reaches.Close();
    }

    /// <summary>Adds the value to what those locations can have.</summary>
    /// <returns>Whether there are any.</returns>
    public bool AddTo(ValueTable values)
    {
        bool isAny = false;
        foreach ((int from, int to, _, int process) in copies)
        {
            bool isInCircle = reaches[to, from] && copies.Exists(c => c.IsPlain && reaches[c.To, c.From] && reaches[c.To, from] && reaches[to, c.From]);
            isAny |= isInCircle && values.Add(to, LocationTable.ThinAir, process);
        }

        return isAny;
    }

    private void FindCopies(int process)
    {
        ProcessProgram program = test.Processes[process];
        var held = new HashSet<(int Register, int Location, bool IsPlain)>();
        for (bool hasGrown = true; hasGrown;)
        {
            hasGrown = false;
            foreach (Instruction.Assign assign in program.Instructions.OfType<Instruction.Assign>())
            {
                foreach ((int location, bool isPlain) in Sources(assign.Value, held).ToList())
                {
                    hasGrown |= held.Add((assign.Register, location, isPlain));
                }
            }
        }

        foreach (Instruction.Store store in program.Instructions.OfType<Instruction.Store>())
        {
            if (Constant(store.Address) is { } to)
            {
                copies.AddRange(Sources(store.Value, held).Select(s => (s.Location, to, s.IsPlain || store.Flags == EventFlags.None, process)));
            }
        }
    }

    private static IEnumerable<(int Location, bool IsPlain)> Sources(Expression value, HashSet<(int Register, int Location, bool IsPlain)> held) => value switch
    {
        Expression.Register register => held.Where(h => h.Register == register.Number).Select(h => (h.Location, h.IsPlain)),
        Expression.Load load when Constant(load.Address) is { } from => [(from, load.Flags == EventFlags.None)],
        Expression.Conditional conditional => Sources(conditional.Then, held).Concat(Sources(conditional.Else, held)),
        _ => [],
    };

    private static int? Constant(Expression address) =>
        address is Expression.Constant constant && LocationTable.IsAddress(constant.Value) ? LocationTable.Location(constant.Value) : null;
}
