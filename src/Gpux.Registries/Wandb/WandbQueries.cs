namespace Gpux.Registries.Wandb;

/// <summary>What is asked of the GraphQL interface.</summary>
/// <remarks>Source: the schema that wandb 0.2x's client uses.</remarks>
internal static class WandbQueries
{
    private const string Artifact = """
        id versionIndex state size digest commitHash fileCount createdAt updatedAt description metadata
        artifactType { name } artifactSequence { name project { name entity { name } } } tags { name } aliases { alias }
        """;

    public const string Membership = $$"""
        query ArtifactMembershipByName($entity: String!, $project: String!, $name: String!) {
          project(name: $project, entityName: $entity) {
            artifactCollectionMembership(name: $name) {
              id versionIndex aliases { alias }
              artifactCollection { __typename name project { name entity { name } } }
              artifact { {{Artifact}} } } } }
        """;

    /// <summary>For servers that know no memberships yet.</summary>
    public const string OlderArtifact = """
        query ArtifactByName($entity: String!, $project: String!, $name: String!) {
          project(name: $project, entityName: $entity) {
            artifact(name: $name) {
              id versionIndex state size digest commitHash fileCount createdAt updatedAt description metadata
              artifactType { name } artifactSequence { name project { name entity { name } } } aliases { alias } } } }
        """;

    public const string Manifest =
        "query FetchArtifactManifest($id: ID!) { artifact(id: $id) { currentManifest { file { directUrl } } } }";

    public const string Files = """
        query ArtifactCollectionMembershipFiles($entity: String!, $project: String!, $collection: String!, $alias: String!, $cursor: String, $perPage: Int) {
          project(name: $project, entityName: $entity) {
            artifactCollection(name: $collection) {
              artifactMembership(aliasName: $alias) {
                files(after: $cursor, first: $perPage) {
                  pageInfo { endCursor hasNextPage }
                  edges { node { name displayName sizeBytes md5 digest mimetype directUrl } } } } } } }
        """;

    public const string Viewer = "query Viewer { viewer { id username entity } }";

    public const string Organization = "query FetchOrgEntityFromOrganization($o: String!) { organization(name: $o) { orgEntity { name } } }";

    public const string Collections = """
        query ProjectArtifactCollections($entity: String!, $project: String!, $cursor: String, $perPage: Int, $filters: JSONString) {
          project(entityName: $entity, name: $project) {
            artifactCollections(after: $cursor, first: $perPage, filters: $filters) {
              totalCount pageInfo { endCursor hasNextPage }
              edges { node { id name description createdAt type: defaultArtifactType { name } tags { edges { node { name } } } } } } } }
        """;
}
