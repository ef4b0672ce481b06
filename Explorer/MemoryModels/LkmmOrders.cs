namespace MmuStress.Explorer;

/// <summary>What the rules for plain accesses need of the rest of the model.</summary>
internal readonly struct LkmmOrders
{
    public required Relation Addr { get; init; }

    public required Relation Rfe { get; init; }

    /// <summary>Null for the identity.</summary>
    public required Relation? RmwSequence { get; init; }

    public required Relation CumulFenceStar { get; init; }

    public required Relation Prop { get; init; }

    public required Relation Hb { get; init; }

    public required Relation HbStar { get; init; }

    public required Relation Pb { get; init; }

    public required Relation PbStar { get; init; }

    public required Relation RcuOrder { get; init; }
}
