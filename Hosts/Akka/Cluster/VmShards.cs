using System.Globalization;
using Akka.Cluster.Sharding;

namespace MmuStress.Hosts.Akka;

/// <summary>Which shard a VM is in. A VM is an entity, so that it is on one node with all its actors and its memory.</summary>
/// <param name="vms">How many VMs there are.</param>
internal sealed class VmShards(int vms) : HashCodeMessageExtractor(Math.Min(vms, MostShards))
{
    /// <summary>The name of the kind of entity.</summary>
    public const string TypeName = "vm";

    private const int MostShards = 30;

    /// <summary>The VM of an entity.</summary>
    /// <param name="entity">The entity's name.</param>
    /// <returns>The VM's number.</returns>
    public static int NumberOf(string entity) => int.Parse(entity.AsSpan(TypeName.Length), NumberStyles.None, CultureInfo.InvariantCulture);

    /// <inheritdoc/>
    public override string? EntityId(object message) => message switch
    {
        Vm.Run run => NameOf(run.Number),
        Vm.End end => NameOf(end.Number),
        _ => null,
    };

    /// <inheritdoc/>
    public override string ShardId(string entityId, object? messageHint = null) =>
        (NumberOf(entityId) % MaxNumberOfShards).ToString(CultureInfo.InvariantCulture); // as even as can be

    private static string NameOf(int number) => string.Create(CultureInfo.InvariantCulture, $"{TypeName}{number}");
}
