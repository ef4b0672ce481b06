using MmuStress.Explorer;

namespace MmuStress.Litmus;

/// <summary>Runs one process in every way, given the values that its reads can get.</summary>
/// <remarks>
/// Depth-first over the values of reads: a process is run again for each. A read that follows a write of its own process can
/// get that write's value, or one that another process writes; otherwise also the initial one. That leaves out what coherence
/// forbids within a process, and nothing else.
/// To find out which values can be written at all, a branch that depends on a read goes both ways, whatever was read: what
/// makes a condition true may itself depend on that branch, and control dependencies to plain accesses forbid nothing.
/// </remarks>
internal sealed class ProcessRunner(LitmusTest test, int process, ValueTable values, bool takesAllBranches)
{
    private const int MostEvents = 64;

    private readonly ProcessProgram program = test.Processes[process];
    private readonly List<(int Chosen, int Count)> choices = [];
    private readonly List<TraceEvent> events = [];
    private readonly List<ulong> scopes = [];
    private readonly List<long> candidates = [];
    private readonly Dictionary<int, long> ownWrites = [];
    private readonly HashSet<int> held = [];
    private readonly long[] registers = new long[test.Processes[process].RegisterCount];
    private readonly bool[] isSet = new bool[test.Processes[process].RegisterCount];
    private readonly ulong[] dependencies = new ulong[test.Processes[process].RegisterCount];
    private int nextChoice;
    private ulong control;
    private bool isImpossible;

    /// <summary>Remarks on registers that are used before they are set.</summary>
    public SortedSet<string> UsedUnset { get; } = new(StringComparer.Ordinal);

    /// <summary>Calls back with each trace.</summary>
    /// <param name="found">Takes a trace; says whether to go on.</param>
    /// <returns>Whether all were found.</returns>
    public bool Run(Func<Trace, bool> found)
    {
        choices.Clear();
        do
        {
            LitmusException? failure = null;
            try
            {
                RunOnce();
            }
            catch (LitmusException e)
            {
                failure = e;
            }

            if (!isImpossible)
            {
                var trace = new Trace { Events = [.. events], Registers = [.. registers], Failure = failure };
                if (!found(trace))
                {
                    return false;
                }
            }
        }
        while (NextChoices());
        return true;
    }

    private bool NextChoices()
    {
        while (choices.Count > 0)
        {
            (int chosen, int count) = choices[^1];
            choices.RemoveAt(choices.Count - 1);
            if (chosen + 1 < count)
            {
                choices.Add((chosen + 1, count));
                return true;
            }
        }

        return false;
    }

    private int Choose(int count)
    {
        if (nextChoice == choices.Count)
        {
            choices.Add((0, count));
        }

        return choices[nextChoice++].Chosen;
    }

    private void RunOnce()
    {
        nextChoice = 0;
        events.Clear();
        scopes.Clear();
        ownWrites.Clear();
        held.Clear();
        control = 0;
        isImpossible = false;
        Array.Clear(registers);
        Array.Clear(isSet);
        Array.Clear(dependencies);
        foreach ((int register, long value) in program.Initial)
        {
            registers[register] = value;
            isSet[register] = true;
        }

        for (int next = 0; next < program.Instructions.Count && !isImpossible;)
        {
            next = Step(next);
        }
    }

    private int Step(int at)
    {
        switch (program.Instructions[at])
        {
            case Instruction.Assign assign:
                (registers[assign.Register], dependencies[assign.Register]) = Evaluate(assign.Value);
                isSet[assign.Register] = true;
                break;
            case Instruction.Evaluate evaluate:
                Evaluate(evaluate.Value);
                break;
            case Instruction.Store store:
                (long stored, ulong data) = Evaluate(store.Value);
                (int location, ulong addr) = Locate(store.Address);
                Add(EventKind.Write, store.Flags, location, stored, addr, data);
                break;
            case Instruction.Fence fence:
                Add(fence.Kind, EventFlags.None, -1, 0, 0, 0);
                break;
            case Instruction.Lock spinLock:
                (int taken, _) = Locate(spinLock.Address);
                TakeLock(taken);
                break;
            case Instruction.Unlock unlock:
                (int given, _) = Locate(unlock.Address);
                if (!held.Remove(given))
                {
                    throw LitmusException.Unsupported(unlock.Line, $"P{program.Number} unlocks {test.Locations.Name(given)}, which it does not hold");
                }

                Add(EventKind.Unlock, EventFlags.None, given, 0, 0, 0);
                break;
            case Instruction.SrcuUnlock unlock:
                (long index, ulong indexData) = Evaluate(unlock.Value);
                (int srcu, ulong srcuAddr) = Locate(unlock.Address);
                Add(EventKind.SrcuUnlock, EventFlags.None, srcu, index, srcuAddr, indexData);
                break;
            case Instruction.SyncSrcu sync:
                (int waited, _) = Locate(sync.Address);
                Add(EventKind.SyncSrcu, EventFlags.None, waited, 0, 0, 0);
                break;
            case Instruction.Branch branch:
                (long condition, ulong reads) = Evaluate(branch.Condition);
                scopes.Add(control);
                control |= reads;
                RequireKnown(condition, branch.Line);
                if (takesAllBranches && reads != 0)
                {
                    condition = Choose(2);
                }

                return (condition == 0) == branch.JumpsIfZero ? branch.Target : at + 1;
            case Instruction.Jump jump:
                return jump.Target;
            case Instruction.Leave:
                control = scopes[^1];
                scopes.RemoveAt(scopes.Count - 1);
                break;
            case var other:
                throw new InvalidOperationException($"unexpected {other}");
        }

        return at + 1;
    }

    private int Add(EventKind kind, EventFlags flags, int location, long value, ulong addr, ulong data, int rmwRead = -1)
    {
        if (events.Count == MostEvents)
        {
            throw LitmusException.Unsupported(0, $"P{program.Number} has more than {MostEvents} events");
        }

        if (ExecutionGraph.IsWrite(kind))
        {
            ownWrites[location] = value;
        }

        events.Add(new TraceEvent(kind, flags, location, value, addr, data, control, rmwRead));
        return events.Count - 1;
    }

    private void TakeLock(int location)
    {
        // Whoever holds it waits for himself: there is no such execution.
        isImpossible |= !held.Add(location);
        int read = Add(EventKind.LockRead, EventFlags.None, location, 0, 0, 0);
        Add(EventKind.LockWrite, EventFlags.None, location, 1, 0, 0, read);
    }

    private (int Location, ulong Dependencies) Locate(Expression address)
    {
        (long value, ulong reads) = Evaluate(address);
        RequireKnown(value, address.Line);
        int location = LocationTable.IsAddress(value) ? LocationTable.Location(value) : test.Locations.Count;
        return location < test.Locations.Count
            ? (location, reads)
            : throw LitmusException.Unsupported(address.Line, $"P{program.Number} uses {value} as an address");
    }

    private (long Value, ulong Dependencies) Evaluate(Expression expression)
    {
        switch (expression)
        {
            case Expression.Constant constant:
                return (constant.Value, 0);
            case Expression.Register register:
                RequireSet(register);
                return (registers[register.Number], dependencies[register.Number]);
            case Expression.Unary unary:
                (long operand, ulong operandReads) = Evaluate(unary.Operand);
                return (IsCalculable(operand) ? Arithmetic.Apply(unary, operand) : 0, operandReads);
            case Expression.Binary binary:
                (long left, ulong leftReads) = Evaluate(binary.Left);
                (long right, ulong rightReads) = Evaluate(binary.Right);
                bool isCalculable = IsCalculable(left) & IsCalculable(right);
                return (isCalculable ? Arithmetic.Apply(binary, left, right, test.Locations) : 0, leftReads | rightReads);
            case Expression.Conditional conditional:
                (long condition, ulong conditionReads) = Evaluate(conditional.Condition);
                RequireKnown(condition, conditional.Line);
                (long chosen, ulong chosenReads) = Evaluate(condition != 0 ? conditional.Then : conditional.Else);
                return (chosen, conditionReads | chosenReads);
            case Expression.Load load:
                (int loaded, ulong loadAddr) = Locate(load.Address);
                return Read(EventKind.Read, load.Flags, loaded, loadAddr);
            case Expression.SrcuLock srcuLock:
                (int srcu, ulong srcuAddr) = Locate(srcuLock.Address);
                return Read(EventKind.SrcuLock, EventFlags.None, srcu, srcuAddr);
            case Expression.ReadModifyWrite rmw:
                return EvaluateRmw(rmw);
            case Expression.TryLock tryLock:
                return EvaluateTryLock(tryLock);
            case Expression.IsLocked isLocked:
                return EvaluateIsLocked(isLocked);
            default:
                throw new InvalidOperationException($"unexpected {expression}");
        }
    }

    // A value out of thin air has no sum with another, and is not equal to any: like herd, which finds that the equations of
    // such an execution have no solution.
    private bool IsCalculable(long value)
    {
        isImpossible |= value == LocationTable.ThinAir;
        return value != LocationTable.ThinAir;
    }

    private void RequireKnown(long value, int line)
    {
        if (value == LocationTable.ThinAir)
        {
            throw LitmusException.Unsupported(line, $"P{program.Number} depends on a value out of thin air");
        }
    }

    // As in herd, a register is 0 before it is set; one that is never set is more likely a mistake.
    private void RequireSet(Expression.Register register)
    {
        if (isSet[register.Number])
        {
            return;
        }

        string name = program.RegisterName(register.Number);
        if (!program.Sets(register.Number))
        {
            throw LitmusException.Unsupported(register.Line, $"P{program.Number} uses {name}, which is never set");
        }

        UsedUnset.Add($"line {register.Line}: P{program.Number} uses {name} before it is set; it is 0 then, as in herd");
    }

    private (long Value, ulong Dependencies) Read(EventKind kind, EventFlags flags, int location, ulong addr)
    {
        bool hasOwn = ownWrites.TryGetValue(location, out long own);
        candidates.Clear();
        foreach (int number in values.Of(location))
        {
            long value = values.Value(number);
            bool isOwn = hasOwn && value == own;
            bool isInitial = !hasOwn && value == test.Locations.InitialValue(location);
            if (isOwn || isInitial || (values.Writers(number) & ~(1UL << process)) != 0)
            {
                candidates.Add(value);
            }
        }

        if (candidates.Count == 0)
        {
            // The process's own write is not in the table yet.
            candidates.Add(own);
        }

        long read = candidates[Choose(candidates.Count)];
        int e = Add(kind, flags, location, read, addr, 0);
        return (read, 1UL << e);
    }

    private (long Value, ulong Dependencies) EvaluateRmw(Expression.ReadModifyWrite rmw)
    {
        (long operand, ulong data) = Evaluate(rmw.Operand);
        (long second, ulong secondReads) = rmw.Second is null ? (0, 0) : Evaluate(rmw.Second);
        (int location, ulong addr) = Locate(rmw.Address);
        (long old, ulong read) = Read(EventKind.Read, rmw.Flags, location, addr);
        int readEvent = events.Count - 1;
        if (rmw.Kind != RmwKind.Exchange && (!IsCalculable(old) | !IsCalculable(operand) | !IsCalculable(second)))
        {
            return (0, read);
        }

        long written;
        switch (rmw.Kind)
        {
            case RmwKind.Exchange:
                written = operand;
                break;
            case RmwKind.CompareExchange:
                if (old != operand)
                {
                    return (old, read);
                }

                (written, data) = (second, secondReads);
                break;
            case RmwKind.AddUnless:
                if (old == second)
                {
                    return (0, read);
                }

                written = Arithmetic.Apply(rmw.Line, rmw.Operator, old, operand, test.Locations);
                data |= read;
                break;
            default:
                written = Arithmetic.Apply(rmw.Line, rmw.Operator, old, operand, test.Locations);
                data |= read;
                break;
        }

        Add(EventKind.Write, rmw.Flags, location, written, addr, data, readEvent);
        return rmw.Kind switch
        {
            RmwKind.AddUnless => (1, read),
            RmwKind.OperateReturn => (written, read | data),
            _ => (old, read),
        };
    }

    private (long Value, ulong Dependencies) EvaluateTryLock(Expression.TryLock tryLock)
    {
        (int location, _) = Locate(tryLock.Address);
        if (Choose(2) == 0)
        {
            TakeLock(location);
            return (1, 1UL << (events.Count - 2));
        }

        int e = Add(EventKind.LockFail, EventFlags.None, location, 1, 0, 0);
        return (0, 1UL << e);
    }

    private (long Value, ulong Dependencies) EvaluateIsLocked(Expression.IsLocked isLocked)
    {
        (int location, _) = Locate(isLocked.Address);
        bool isTaken = Choose(2) == 0;
        int e = Add(isTaken ? EventKind.LockFail : EventKind.ReadUnlocked, EventFlags.None, location, isTaken ? 1 : 0, 0, 0);
        return (isTaken ? 1 : 0, 1UL << e);
    }
}
