namespace MmuStress.Litmus;

/// <summary>What an atomic read-modify-write writes and returns.</summary>
internal enum RmwKind
{
    /// <summary>Writes the operand, returns the old value: xchg().</summary>
    Exchange,

    /// <summary>Writes the second operand where the old value is the first, returns the old value: cmpxchg().</summary>
    CompareExchange,

    /// <summary>Writes the result of the operator, returns the old value: atomic_fetch_add().</summary>
    FetchOperate,

    /// <summary>Writes the result of the operator and returns it: atomic_add_return().</summary>
    OperateReturn,

    /// <summary>Adds the operand unless the old value is the second one, returns whether it did: atomic_add_unless().</summary>
    AddUnless,
}
