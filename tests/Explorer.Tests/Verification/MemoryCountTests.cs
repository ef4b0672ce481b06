using MmuStress.Machine;

namespace MmuStress.Explorer.Tests;

/// <summary>How many executions there are, up to the order of what commutes: reads, writes and atomics.</summary>
public sealed class MemoryCountTests
{
    private static readonly ulong[] Zero = [0];
    private static readonly ulong[] Zeros = [0, 0, 0, 0];

    /// <summary>Either write is the last: 2.</summary>
    [Fact]
    public void TwoWriters_OfOneWord_HaveTwoOrders() => HandCounted.Count(2, HandCounted.On(Zero, Write(0, 1), Write(0, 2)));

    /// <summary>n writes of one word are ordered in n! ways.</summary>
    [Theory]
    [InlineData(3, 6)]
    [InlineData(4, 24)]
    [InlineData(5, 120)]
    public void Writers_OfOneWord_HaveAllOrders(int writers, long orders) =>
        HandCounted.Count(orders, HandCounted.On(Zero, [.. Enumerable.Range(1, writers).Select(i => Write(0, (ulong)i))]));

    /// <summary>CPUs with words of their own commute altogether: 1.</summary>
    [Theory]
    [InlineData(2)]
    [InlineData(8)]
    public void Writers_OfTheirOwnWords_HaveOneExecution(int writers) =>
        HandCounted.Count(1, HandCounted.On(new ulong[writers], [.. Enumerable.Range(0, writers).Select(i => Write(i, 1))]));

    /// <summary>x = 1; read y || y = 1; read x: each read sees the write or not, 4, but not both 0 in any order: 3.</summary>
    [Fact]
    public void StoreBuffering_HasThreeExecutions() => HandCounted.Count(3, HandCounted.On(Zeros, WriteThenRead(0, 1), WriteThenRead(1, 0)));

    /// <summary>data = 1; flag = 1 || read flag; read data: 4, but not flag 1 and data 0: 3.</summary>
    [Fact]
    public void MessagePassing_HasThreeExecutions() => HandCounted.Count(3, HandCounted.On(Zeros, WriteBoth(0, 1), ReadBoth(1, 0)));

    /// <summary>read x; y = 1 || read y; x = 1: 4, but not both 1 in any order: 3.</summary>
    [Fact]
    public void LoadBuffering_HasThreeExecutions() => HandCounted.Count(3, HandCounted.On(Zeros, ReadThenWrite(0, 1), ReadThenWrite(1, 0)));

    /// <summary>Each reader reads before the write or after it: 2 to the power of the readers.</summary>
    [Theory]
    [InlineData(1, 2)]
    [InlineData(3, 8)]
    [InlineData(6, 64)]
    public void Readers_OfAWrittenWord_AreEachBeforeOrAfter(int readers, long executions) =>
        HandCounted.Count(executions, HandCounted.On(Zero, [Write(0, 1), .. Enumerable.Repeat(Read(0), readers)]));

    /// <summary>Two reads among two writes, all in order: (2 + 2)! / (2! 2!) = 6.</summary>
    [Fact]
    public void TwoReads_AmongTwoWrites_HaveSixPlaces() => HandCounted.Count(6, HandCounted.On(Zero, WriteTwice(0), ReadBoth(0, 0)));

    /// <summary>What an atomic returns depends on the order: 3! = 6.</summary>
    [Theory]
    [InlineData(OperationKind.Xchg)]
    [InlineData(OperationKind.AddReturn)]
    [InlineData(OperationKind.FetchOr)]
    [InlineData(OperationKind.FetchAndNot)]
    public void ReadModifyWrites_HaveAllOrders(OperationKind kind) =>
        HandCounted.Count(6, HandCounted.On(Zero, Atomic(kind, 1), Atomic(kind, 2), Atomic(kind, 3)));

    /// <summary>Additions without a result commute, and so does setting bits: 1.</summary>
    [Theory]
    [InlineData(OperationKind.AtomicAdd)]
    [InlineData(OperationKind.AtomicOr)]
    public void AtomicsWithoutResult_Commute(OperationKind kind) =>
        HandCounted.Count(1, HandCounted.On(Zero, Atomic(kind, 1), Atomic(kind, 2), Atomic(kind, 4)));

    /// <summary>An addition and setting a bit do not: 2.</summary>
    [Fact]
    public void AtomicAddAndAtomicOr_DoNotCommute() =>
        HandCounted.Count(2, HandCounted.On(Zero, Atomic(OperationKind.AtomicAdd, 1), Atomic(OperationKind.AtomicOr, 1)));

    /// <summary>A reader stands before both of two additions that commute, after both, or after either: 4.</summary>
    [Fact]
    public void Reader_OfTwoAdditions_SeesEachOrNot() =>
        HandCounted.Count(4, HandCounted.On(Zero, Atomic(OperationKind.AtomicAdd, 1), Atomic(OperationKind.AtomicAdd, 2), Read(0)));

    /// <summary>Two that both fail only read: 1.</summary>
    [Fact]
    public void CmpXchg_ThatFails_IsARead() => HandCounted.Count(1, HandCounted.On(Zero, CmpXchg(7, 1), CmpXchg(7, 2)));

    /// <summary>Of three that take 0, the first succeeds and writes. The two others fail and commute: 3.</summary>
    [Fact]
    public void CmpXchg_OfThreeThatWantTheSame_HasAWinner() => HandCounted.Count(3, HandCounted.On(Zero, CmpXchg(0, 1), CmpXchg(0, 2), CmpXchg(0, 3)));

    /// <summary>0 to 1 and 1 to 2: in one order both succeed, in the other the second fails and then the first succeeds: 2.</summary>
    [Fact]
    public void CmpXchg_ThatWantsWhatTheOtherWrites_HasTwoOrders() => HandCounted.Count(2, HandCounted.On(Zero, CmpXchg(0, 1), CmpXchg(1, 2)));

    /// <summary>A choice among 3 while another CPU reads and writes a word of its own: 3.</summary>
    [Fact]
    public void Choice_WithNothingElse_HasItsAlternatives() => HandCounted.Count(3, HandCounted.On(Zeros, WriteChosen(0, 3), Write(1, 1)));

    /// <summary>The chosen value is written before the read or after it: 3 * 2.</summary>
    [Fact]
    public void Choice_WhoseValueIsRead_IsTakenBeforeAndAfter() => HandCounted.Count(6, HandCounted.On(Zeros, WriteChosen(0, 3), Read(0)));

    /// <summary>One of two words is written, by choice; a reader of one of them: 2 orders for one word, 1 for the other.</summary>
    [Fact]
    public void Choice_OfTheWord_RacesOnlyWhereItIsTheSame() => HandCounted.Count(3, HandCounted.On(Zeros, WriteToChosen(2), Read(0)));

    /// <summary>Two CPUs choose between two words: 4 choices, in 2 of which it is the same word, which has 2 orders: 2 * 2 + 2.</summary>
    [Fact]
    public void Choices_OfTwo_RaceOnlyWhereTheyMeet() => HandCounted.Count(6, HandCounted.On(Zeros, WriteToChosen(2), WriteToChosen(2)));

    /// <summary>
    /// By choice the step goes on to a plain write, which a walker reads before or after it, or to nothing: 2 + 1 traces. The third is
    /// explored twice: a step that sleeps wakes with all values of its choice when one of them races.
    /// </summary>
    [Fact]
    public void Choice_OfWhatTheStepGoesOnTo_RacesOnlyWhereItIsAWrite() =>
        HandCounted.Count(4, HandCounted.On(Zeros, WriteThenMaybeWritePlainly, async (cpu, words) => await cpu.HardwareRead(words[1])));

    private static async Coroutine WriteThenMaybeWritePlainly(Cpu cpu, Block words)
    {
        await cpu.WriteOnce(words[0], 1);
        if (await cpu.Choose(2) == 0)
        {
            cpu.Write(words[1], 1);
        }
    }

    private static Func<Cpu, Block, Coroutine> Write(int index, ulong value) => async (cpu, words) => await cpu.WriteOnce(words[index], value);

    private static Func<Cpu, Block, Coroutine> Read(int index) => async (cpu, words) => await cpu.ReadOnce(words[index]);

    private static Func<Cpu, Block, Coroutine> WriteThenRead(int written, int read) => async (cpu, words) =>
    {
        await cpu.WriteOnce(words[written], 1);
        await cpu.ReadOnce(words[read]);
    };

    private static Func<Cpu, Block, Coroutine> ReadThenWrite(int read, int written) => async (cpu, words) =>
    {
        await cpu.ReadOnce(words[read]);
        await cpu.WriteOnce(words[written], 1);
    };

    private static Func<Cpu, Block, Coroutine> WriteBoth(int first, int second) => async (cpu, words) =>
    {
        await cpu.WriteOnce(words[first], 1);
        await cpu.WriteOnce(words[second], 1);
    };

    private static Func<Cpu, Block, Coroutine> WriteTwice(int index) => WriteBoth(index, index);

    private static Func<Cpu, Block, Coroutine> ReadBoth(int first, int second) => async (cpu, words) =>
    {
        await cpu.ReadOnce(words[first]);
        await cpu.ReadOnce(words[second]);
    };

    private static Func<Cpu, Block, Coroutine> CmpXchg(ulong expected, ulong value) => async (cpu, words) => await cpu.CmpXchg(words[0], expected, value);

    private static Func<Cpu, Block, Coroutine> WriteChosen(int index, int alternatives) => async (cpu, words) =>
        await cpu.WriteOnce(words[index], 1 + await cpu.Choose(alternatives));

    private static Func<Cpu, Block, Coroutine> WriteToChosen(int alternatives) => async (cpu, words) =>
        await cpu.WriteOnce(words[(int)await cpu.Choose(alternatives)], 1);

    private static Func<Cpu, Block, Coroutine> Atomic(OperationKind kind, ulong operand) => async (cpu, words) =>
    {
        switch (kind)
        {
            case OperationKind.Xchg:
                await cpu.Xchg(words[0], operand);
                break;
            case OperationKind.AddReturn:
                await cpu.AddReturn(words[0], (long)operand);
                break;
            case OperationKind.FetchOr:
                await cpu.FetchOr(words[0], operand);
                break;
            case OperationKind.FetchAndNot:
                await cpu.FetchAndNot(words[0], operand);
                break;
            case OperationKind.AtomicAdd:
                await cpu.AtomicAdd(words[0], (long)operand);
                break;
            default:
                await cpu.AtomicOr(words[0], operand);
                break;
        }
    };
}
